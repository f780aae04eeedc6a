#!/usr/bin/env bash
# A report on the access logs below a directory (default: logs), written to report.txt and shown.
set -euo pipefail

dir=${1:-logs}
logs=("$dir"/*.log)
if [[ ! -e ${logs[0]} ]]; then
    echo "no logs in $dir" >&2
    exit 1
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# One line for each request: address, hour, method, path, status, bytes, milliseconds.
line='^([0-9.]+) .*\[[^:]*:([0-9]{2}):.*\] "([A-Z]+) ([^ ]+) [^"]*" ([0-9]+) ([0-9]+) ([0-9]+)ms$'
sed -nE "s#$line#\1 \2 \3 \4 \5 \6 \7#p" "${logs[@]}" > "$work/requests"

title() { printf '\n%s\n%s\n' "$1" "${1//?/-}"; }

# Reads values and prints how often each occurs, most frequent first.
top() { sort | uniq -c | sort -k1,1nr -k2 | head -n "$1" | sed -E 's/^ *([0-9]+) /\1\t/'; }

declare -A errors bytes
total=0 slow=0
while read -r address hour method path status size ms; do
    total=$((total + 1))
    bytes[$hour]=$((${bytes[$hour]:-0} + size))
    if ((status >= 500)); then errors[$path]=$((${errors[$path]:-0} + 1)); fi
    if ((ms > 250)); then slow=$((slow + 1)); fi
done < "$work/requests"

{
    printf '%d requests in %d files, %d of them slower than 250 ms\n' "$total" "${#logs[@]}" "$slow"

    title 'Status codes'
    cut -d' ' -f5 "$work/requests" | top 10 | while IFS=$'\t' read -r count status; do
        printf '%-5s %5d  %s\n' "$status" "$count" "$(printf '%*s' $((count * 50 / total)) '' | tr ' ' '#')"
    done

    title 'Most frequent callers'
    cut -d' ' -f1 "$work/requests" | top 5 | while IFS=$'\t' read -r count address; do
        printf '%-16s %5d\n' "$address" "$count"
    done

    title 'Server errors by path'
    for path in "${!errors[@]}"; do printf '%5d %s\n' "${errors[$path]}" "$path"; done | sort -k1,1nr -k2

    title 'Bytes by hour'
    for hour in "${!bytes[@]}"; do printf '%s:00 %9d\n' "$hour" "${bytes[$hour]}"; done | sort

    title 'Refused logins'
    grep -hE 'POST /api/login .* 401 ' "${logs[@]}" | cut -d' ' -f1 | sort | uniq -c | sort -nr | head -3
} | tee report.txt

printf '\n%s written to report.txt\n' "$(wc -l < report.txt) lines"
