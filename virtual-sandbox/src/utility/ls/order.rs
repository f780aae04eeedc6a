//! The order entries are listed in.

use super::entry::Entry;
use super::name::Names;
use super::settings::{Settings, Sort};
use crate::text::version_order::compare_versions;
use std::cmp::Ordering;

/// Sorts entries as the settings say; ties are broken by name.
pub(super) fn sort(entries: &mut [Entry], settings: &Settings, names: &Names<'_>) {
    if settings.sort == Sort::None {
        return;
    }
    if settings.sort == Sort::Width {
        entries.sort_by_cached_key(|entry| (names.width(entry), entry.name.clone()));
        if settings.reverse {
            entries.reverse();
        }
    } else {
        entries.sort_by(|a, b| {
            let order = compare(a, b, settings);
            if settings.reverse { order.reverse() } else { order }
        });
    }
    if settings.directories_first {
        entries.sort_by_key(|entry| !entry.leads_to_directory());
    }
}

fn compare(a: &Entry, b: &Entry, settings: &Settings) -> Ordering {
    let first = match settings.sort {
        Sort::Time => b.time(settings.time).cmp(&a.time(settings.time)),
        Sort::Size => b.size().cmp(&a.size()),
        Sort::Extension => extension(&a.name).cmp(extension(&b.name)),
        Sort::Version => compare_versions(&a.name, &b.name),
        Sort::Name | Sort::Width | Sort::None => Ordering::Equal,
    };
    first.then_with(|| a.name.cmp(&b.name))
}

/// What follows the last period, that included; empty where there is none.
fn extension(name: &[u8]) -> &[u8] {
    let dot = name.iter().rposition(|byte| *byte == b'.').unwrap_or(name.len());
    name.get(dot..).unwrap_or_default()
}
