//! `declare`, `typeset`, `local`, `export`, `readonly`.  [bash manual "Bash Builtin Commands", declare]

use crate::kernel::ExitStatus;
use crate::shell::exec::{Context, Frame, Ran, ShellTask};
use crate::shell::expand::{ExpansionError, Stop, World};
use crate::shell::options::ShellOption;
use crate::shell::variable::assign::{self, Assigned, AssignedValue};
use crate::shell::variable::{Attributes, Scalar, Value, VariableError, is_name};
use bytes::Bytes;
use std::sync::Arc;

/// What the options of a declaration ask for.
#[derive(Clone, Copy, Default)]
struct Request {
    add: Attributes,
    remove: Attributes,
    /// Those after a `+`.
    taken: Attributes,
    global: bool,
    functions: bool,
    names_only: bool,
    print: bool,
    inherit: bool,
    array: bool,
    assoc: bool,
    /// `+a` or `+A`.
    unarray: bool,
}

/// Which builtin declares.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Which {
    Declare,
    Local,
    Export,
    Readonly,
}

const TYPESET_USAGE: &str = "typeset [-aAfFgiIlnrtux] name[=value] ... or typeset -p [-aAfFilnrtux] [name ...]";
const DECLARE_USAGE: &str = "declare [-aAfFgiIlnrtux] [name[=value] ...] or declare -p [-aAfFilnrtux] [name ...]";

pub(crate) fn declare(shell: &mut ShellTask, context: &mut Context<'_>, fields: &[Bytes]) -> Ran {
    let name = fields.first().cloned().unwrap_or_default();
    // The two usage lines differ by a pair of brackets.
    let usage = if name.as_ref() == b"typeset" { TYPESET_USAGE } else { DECLARE_USAGE };
    run(shell, context, fields, Which::Declare, usage)
}

pub(crate) fn local(shell: &mut ShellTask, context: &mut Context<'_>, fields: &[Bytes]) -> Ran {
    if !shell.state.variables.in_function() {
        shell.builtin_error(b"local", b"can only be used in a function");
        return Ok(ExitStatus::FAILURE);
    }
    run(shell, context, fields, Which::Local, "local [option] name[=value] ...")
}

pub(crate) fn export(shell: &mut ShellTask, context: &mut Context<'_>, fields: &[Bytes]) -> Ran {
    run(shell, context, fields, Which::Export, "export [-fn] [name[=value] ...] or export -p")
}

pub(crate) fn readonly(shell: &mut ShellTask, context: &mut Context<'_>, fields: &[Bytes]) -> Ran {
    run(shell, context, fields, Which::Readonly, "readonly [-aAf] [name[=value] ...] or readonly -p")
}

fn run(shell: &mut ShellTask, context: &mut Context<'_>, fields: &[Bytes], which: Which, usage: &str) -> Ran {
    let (request, first) = match parse(shell, fields, which, usage) {
        Ok(parsed) => parsed,
        Err(ran) => return ran,
    };
    let mut request = request;
    request.inherit |= shell.state.is_on(ShellOption::LOCALVAR_INHERIT);
    let declared = std::mem::take(&mut shell.declared);
    let operands = fields.get(first..).unwrap_or_default();
    // An array cannot be of both kinds.
    if request.array && request.assoc && !request.functions && !request.print && !operands.is_empty() {
        for operand in operands {
            let name = assign::parse_assignment(operand).map_or_else(|| operand.clone(), |assigned| assigned.name);
            shell.builtin_error(b"declare", &[&name[..], b": cannot convert associative to indexed array"].concat());
        }
        return Ok(ExitStatus::FAILURE);
    }
    if request.functions {
        return functions(shell, operands, request, which);
    }
    if which == Which::Local
        && first == 1
        && !request.inherit
        && !operands.is_empty()
        && declared.len() == operands.len()
    {
        return local_strings(shell, context, declared);
    }
    if operands.is_empty() || (request.print && matches!(which, Which::Declare | Which::Local)) {
        return print(shell, context, operands, request, which);
    }
    let mut status = ExitStatus::SUCCESS;
    for (at, operand) in operands.iter().enumerate() {
        let assigned = declared.iter().find(|(index, _)| *index == first + at).map(|(_, assigned)| assigned.clone());
        if which == Which::Local && operand.as_ref() == b"-" && assigned.is_none() {
            shell.save_options();
            continue;
        }
        let given = assigned.is_some() || operand.contains(&b'=');
        match declare_one(shell, context, operand, assigned, request, which) {
            Ok(()) => {}
            // These two take the assignment for one that stands alone, and set the attribute all the same.
            Err(Failure::Said(message))
                if matches!(which, Which::Export | Which::Readonly) && given && is_readonly(&message) =>
            {
                shell.error(&message);
                let name = assign::parse_assignment(operand).map_or_else(|| operand.clone(), |assigned| assigned.name);
                shell.state.variables.set_attributes(&name, request.add, request.remove);
                status = ExitStatus::FAILURE;
            }
            Err(failure) => {
                let name = fields.first().cloned().unwrap_or_default();
                status = refused(shell, context, &name, failure)?;
            }
        }
    }
    Ok(status)
}

/// `local name=value ...` without options.
fn local_strings(shell: &mut ShellTask, context: &mut Context<'_>, declared: Vec<(usize, Assigned)>) -> Ran {
    let mut status = ExitStatus::SUCCESS;
    for (_, mut assigned) in declared {
        if let (AssignedValue::Scalar(value), None, false) = (&mut assigned.value, &assigned.subscript, assigned.append)
        {
            let value = std::mem::replace(value, Scalar::EMPTY);
            match shell.state.variables.declare_local_string(&assigned.name, value) {
                Ok(()) => continue,
                Err(value) => assigned.value = AssignedValue::Scalar(value),
            }
        }
        let name = assigned.name.clone();
        match declare_one(shell, context, &name, Some(assigned), Request::default(), Which::Local) {
            Ok(()) => {}
            Err(failure) => status = refused(shell, context, b"local", failure)?,
        }
    }
    Ok(status)
}

/// Says why an operand was not declared; the error is the flow of one that ends more than the builtin.
fn refused(shell: &mut ShellTask, context: &mut Context<'_>, name: &[u8], failure: Failure) -> Ran {
    match failure {
        Failure::Fatal(mut error) => {
            error.message = [name, b": ", &error.message].concat();
            return Err(shell.fail(context, Stop::Error(error)));
        }
        Failure::Said(message) => shell.builtin_error(name, &message),
        Failure::Silent => {}
    }
    Ok(ExitStatus::FAILURE)
}

fn is_readonly(message: &[u8]) -> bool {
    message.ends_with(b": readonly variable")
}

fn parse(shell: &mut ShellTask, fields: &[Bytes], which: Which, usage: &str) -> Result<(Request, usize), Ran> {
    let mut request = Request::default();
    match which {
        Which::Export => request.add = Attributes::EXPORTED,
        Which::Readonly => request.add = Attributes::READONLY,
        _ => {}
    }
    let mut at = 1;
    while let Some(field) = fields.get(at) {
        if field.as_ref() == b"--" {
            at += 1;
            break;
        }
        let on = match field.first() {
            Some(b'-') if field.len() > 1 => true,
            Some(b'+') if field.len() > 1 && matches!(which, Which::Declare | Which::Local) => false,
            _ => break,
        };
        for letter in field.iter().skip(1) {
            if !apply(&mut request, *letter, on, which) {
                let name = fields.first().cloned().unwrap_or_default();
                let sign = if on { b'-' } else { b'+' };
                shell.builtin_error(&name, &[&[sign, *letter][..], b": invalid option"].concat());
                shell.usage_line(&name, usage);
                return Err(Ok(ExitStatus::USAGE));
            }
        }
        at += 1;
    }
    // Two of the attributes of case take each other away, and one that is both given and taken is taken.
    let cases = [Attributes::LOWERCASE, Attributes::UPPERCASE, Attributes::CAPITALIZE];
    let asked: Vec<Attributes> = cases.into_iter().filter(|case| request.add.has(*case)).collect();
    request.remove = match asked.as_slice() {
        [only] => request.remove.without(*only),
        _ => request.remove,
    };
    if asked.len() > 1 {
        request.add = request.add.without(Attributes::CASE);
    }
    request.add = request.add.without(request.taken);
    Ok((request, at))
}

/// Takes one option letter in; false when the builtin has none such.
fn apply(request: &mut Request, letter: u8, on: bool, which: Which) -> bool {
    let simple = matches!(which, Which::Export | Which::Readonly);
    let attribute = match letter {
        b'p' => {
            request.print = true;
            return true;
        }
        b'f' => {
            request.functions = true;
            return true;
        }
        b'n' if which == Which::Export => {
            request.add = Attributes::NONE;
            request.remove = Attributes::EXPORTED;
            return true;
        }
        b'a' if which != Which::Export => {
            request.array |= on;
            request.unarray |= !on;
            return true;
        }
        b'A' if which != Which::Export => {
            request.assoc |= on;
            request.unarray |= !on;
            return true;
        }
        _ if simple => return false,
        b'F' => {
            (request.functions, request.names_only) = (true, true);
            return true;
        }
        b'g' => {
            request.global = on;
            return true;
        }
        b'I' => {
            request.inherit = on;
            return true;
        }
        b'i' => Attributes::INTEGER,
        b'l' => Attributes::LOWERCASE,
        b'u' => Attributes::UPPERCASE,
        b'c' => Attributes::CAPITALIZE,
        b'n' => Attributes::NAMEREF,
        b'r' => Attributes::READONLY,
        b't' => Attributes::TRACE,
        b'x' => Attributes::EXPORTED,
        _ => return false,
    };
    if on {
        request.add = request.add.with(attribute);
        // `-l`, `-u` and `-c` take each other's place.
        if Attributes::CASE.has(attribute) {
            request.remove = request.remove.with(Attributes::CASE);
        }
    } else {
        request.remove = request.remove.with(attribute);
        request.taken = request.taken.with(attribute);
    }
    true
}

/// Why an operand was not declared.
enum Failure {
    /// The builtin says so and goes on.
    Said(Vec<u8>),
    /// It has been said.
    Silent,
    /// The rest of the line is dropped.
    Fatal(Box<ExpansionError>),
}

/// `export` and `readonly` take no elements of arrays. The message shows the name alone.
fn element_named(operand: &[u8]) -> Failure {
    let end = operand.windows(2).position(|pair| matches!(pair, b"]=" | b"]+")).map_or(operand.len(), |at| at + 1);
    let shown = operand.get(..end).unwrap_or(operand);
    Failure::Said([b"`", shown, b"': not a valid identifier"].concat())
}

/// Declares one operand.
fn declare_one(
    shell: &mut ShellTask,
    context: &mut Context<'_>,
    operand: &Bytes,
    assigned: Option<Assigned>,
    request: Request,
    which: Which,
) -> Result<(), Failure> {
    let assigned = match assigned {
        Some(assigned) => Some(assigned),
        None => assign::parse_assignment(operand),
    };
    let name = assigned.as_ref().map_or_else(|| operand.clone(), |assigned| assigned.name.clone());
    let bare = match assign::parse_name(&name) {
        Some((_, subscript))
            if matches!(which, Which::Export | Which::Readonly)
                && (subscript.is_some() || assigned.as_ref().is_some_and(|assigned| assigned.subscript.is_some())) =>
        {
            return Err(element_named(operand));
        }
        Some((base, _)) => base,
        None => return Err(Failure::Said([b"`", &operand[..], b"': not a valid identifier"].concat())),
    };
    if !is_name(&bare) {
        return Err(Failure::Said([b"`", &operand[..], b"': not a valid identifier"].concat()));
    }
    let local =
        which == Which::Local || (which == Which::Declare && shell.state.variables.in_function() && !request.global);
    // In a function bash warns of a reference to its own name, and takes the name for the global variable's: it is left
    // what it is.
    if request.add.has(Attributes::NAMEREF)
        && shell.state.variables.in_function()
        && let Some(Assigned { value: AssignedValue::Scalar(target), .. }) = &assigned
        && target.to_bytes() == bare
    {
        let builtin: &[u8] = if which == Which::Local { b"local" } else { b"declare" };
        shell.builtin_error(builtin, &[b"warning: ", &bare[..], b": circular name reference"].concat());
        return Ok(());
    }
    let outcome = if request.global && shell.state.variables.in_function() {
        // The global variable is brought to light for the while of the declaration.
        let mut view_result = Ok(());
        let mut variables = std::mem::take(&mut shell.state.variables);
        variables.with_global(&bare, |variables| {
            std::mem::swap(variables, &mut shell.state.variables);
            view_result = shell.with_view(context, |view| declare_in(view, &bare, assigned, request, false));
            std::mem::swap(variables, &mut shell.state.variables);
        });
        shell.state.variables = variables;
        view_result
    } else {
        shell.with_view(context, |view| declare_in(view, &bare, assigned, request, local))
    };
    match outcome {
        Ok(()) => Ok(()),
        Err(Stop::Error(error)) if error.arithmetic => Err(Failure::Fatal(error)),
        Err(Stop::Error(error)) => Err(Failure::Said(error.message)),
        Err(_) => Err(Failure::Silent),
    }
}

fn declare_in<W: World>(
    world: &mut W,
    name: &Bytes,
    assigned: Option<Assigned>,
    request: Request,
    local: bool,
) -> Result<(), Stop> {
    let before = world.variables().get(name).cloned();
    if local {
        // `x=1 f`: a local x begins with the value that the call was given.
        let inherits =
            request.inherit || before.as_ref().is_some_and(|before| before.attributes().has(Attributes::TEMPORARY));
        world.variables_mut().declare_local(name)?;
        if inherits
            && let Some(before) = &before
            && !matches!(before.value(), Value::Unset)
            && world.variables().get(name).is_some_and(|now| matches!(now.value(), Value::Unset))
        {
            let value = before.value().clone();
            world.variables_mut().set_value(name, value);
        }
    }
    let reference = request.add.has(Attributes::NAMEREF);
    // A reference's attributes are its target's, unless it is the reference that is declared.
    let name = if !reference && !request.remove.has(Attributes::NAMEREF) && world.variables().is_nameref(name) {
        match world.variables().target(name) {
            Ok(target) if target.subscript.is_none() => target.name,
            _ => name.clone(),
        }
    } else {
        name.clone()
    };
    let attributes = world.variables().get(&name).map_or(Attributes::NONE, |variable| variable.attributes());
    // `export` puts even what it cannot assign into the environment.
    if request.add == Attributes::EXPORTED && attributes.has(Attributes::READONLY) {
        world.variables_mut().set_attributes(&name, Attributes::EXPORTED, Attributes::NONE);
    }
    if attributes.has(Attributes::READONLY) && (assigned.is_some() || request.remove.has(Attributes::READONLY)) {
        return Err(VariableError::Readonly(name.to_vec()).into());
    }
    make_array(world, &name, &request, attributes)?;
    if reference {
        if assigned.is_none()
            && let Some(held) = world.variables().scalar(&name).map(|value| value.to_bytes())
            && !held.is_empty()
            && assign::parse_name(&held).is_none()
        {
            return Err(VariableError::InvalidNameref(held.to_vec()).into());
        }
        return declare_reference(world, &name, assigned);
    }
    // Attributes that act on values come before the assignment, `readonly` after it.
    let early = request.add.without(Attributes::READONLY);
    world.variables_mut().set_attributes(&name, early, request.remove.without(Attributes::READONLY));
    if let Some(mut assigned) = assigned {
        assigned.name = name.clone();
        // A list makes an array of a scalar that has just been declared.
        if let AssignedValue::Scalar(value) = &assigned.value
            && (request.array || request.assoc)
            && assigned.subscript.is_none()
            && let Some(list) = assign::parse_list(&value.to_bytes())
        {
            assigned.value = AssignedValue::Array(list);
        }
        assign::perform(world, assigned)?;
    }
    if request.add.has(Attributes::READONLY) {
        world.variables_mut().set_attributes(&name, Attributes::READONLY, Attributes::NONE);
    }
    Ok(())
}

fn make_array<W: World>(world: &mut W, name: &Bytes, request: &Request, now: Attributes) -> Result<(), Stop> {
    if request.unarray && now.any(Attributes::ARRAY.with(Attributes::ASSOC)) {
        let message = [&name[..], b": cannot destroy array variables in this way"].concat();
        return Err(crate::shell::expand::ExpansionError::command(message).into());
    }
    if request.assoc && now.has(Attributes::ARRAY) {
        return Err(VariableError::IndexedToAssoc(name.to_vec()).into());
    }
    if request.array && now.has(Attributes::ASSOC) {
        return Err(VariableError::AssocToIndexed(name.to_vec()).into());
    }
    if request.assoc && !now.has(Attributes::ASSOC) {
        assign::convert_to_assoc(world, name);
    } else if request.array && !now.has(Attributes::ARRAY) {
        assign::convert_to_array(world, name);
    }
    Ok(())
}

fn declare_reference<W: World>(world: &mut W, name: &Bytes, assigned: Option<Assigned>) -> Result<(), Stop> {
    if let Some(assigned) = assigned {
        let AssignedValue::Scalar(target) = assigned.value else {
            return Err(VariableError::InvalidNameref(name.to_vec()).into());
        };
        let target = target.to_bytes();
        if target == *name {
            let message = [&name[..], b": nameref variable self references not allowed"].concat();
            return Err(crate::shell::expand::ExpansionError::command(message).into());
        }
        if assign::parse_name(&target).is_none() {
            return Err(VariableError::InvalidNameref(target.to_vec()).into());
        }
        world.variables_mut().set(name, target);
    }
    world.variables_mut().set_attributes(name, Attributes::NAMEREF, Attributes::NONE);
    Ok(())
}

/// Lists variables: all with the attributes asked for, or those named.
fn print(shell: &mut ShellTask, context: &mut Context<'_>, operands: &[Bytes], request: Request, which: Which) -> Ran {
    let mut wanted = request.add;
    if which == Which::Export {
        wanted = wanted.with(Attributes::EXPORTED);
    }
    if request.array {
        wanted = wanted.with(Attributes::ARRAY);
    }
    if request.assoc {
        wanted = wanted.with(Attributes::ASSOC);
    }
    let mut status = ExitStatus::SUCCESS;
    if operands.is_empty() {
        let names: Vec<Bytes> = match which {
            Which::Local => {
                let mut names = shell.state.variables.local_names();
                names.sort_unstable();
                names
            }
            _ => shell.state.variables.sorted().into_iter().map(|(name, _)| name.clone()).collect(),
        };
        let plain = which == Which::Declare && !request.print && wanted == Attributes::NONE;
        if plain {
            return super::set::set(shell, context, &[Bytes::from_static(b"set")]);
        }
        for name in names {
            let Some(variable) = shell.state.variables.get(&name) else { continue };
            if !variable.attributes().has(wanted) {
                continue;
            }
            let mut line = Vec::new();
            shell.with_view(context, |view| crate::shell::variable::print_listed(&name, view, &mut line));
            shell.out(&line);
        }
        return Ok(status);
    }
    for name in operands {
        let mut line = Vec::new();
        let found = match which {
            Which::Local => shell.state.variables.local_names().contains(name),
            _ => shell.state.variables.get(name).is_some(),
        };
        if found {
            shell.with_view(context, |view| crate::shell::variable::print_named(name, view, &mut line));
            shell.out(&line);
        } else if let Some(function) = shell.state.functions.get(name).filter(|_| request.functions).cloned() {
            shell.print_function(&function);
        } else {
            let builtin: &[u8] = if which == Which::Local { b"local" } else { b"declare" };
            shell.builtin_error(builtin, &[&name[..], b": not found"].concat());
            status = ExitStatus::FAILURE;
        }
    }
    Ok(status)
}

/// `declare -fx name`: the command that gives a function its attributes.
fn function_attributes(function: &crate::shell::function::Function) -> Vec<u8> {
    let mut line = b"declare -f".to_vec();
    let letters = [(function.readonly, b'r'), (function.traced, b't'), (function.exported, b'x')];
    line.extend(letters.iter().filter(|(has, _)| *has).map(|(_, letter)| *letter));
    line.push(b' ');
    line.extend_from_slice(&function.name);
    line.push(b'\n');
    line
}

/// `declare -f`, `export -f`, `readonly -f`.
fn functions(shell: &mut ShellTask, operands: &[Bytes], request: Request, which: Which) -> Ran {
    let mut status = ExitStatus::SUCCESS;
    if operands.is_empty() {
        let mut all: Vec<_> = shell.state.functions.iter().map(|(_, function)| function.clone()).collect();
        all.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        for function in all {
            let wanted = |attribute| request.add.has(attribute);
            if (wanted(Attributes::EXPORTED) && !function.exported)
                || (wanted(Attributes::READONLY) && !function.readonly)
                || (wanted(Attributes::TRACE) && !function.traced)
            {
                continue;
            }
            if request.names_only {
                shell.out(&function_attributes(&function));
            } else {
                shell.print_function(&function);
                if request.add != Attributes::NONE {
                    shell.out(&function_attributes(&function));
                }
            }
        }
        return Ok(status);
    }
    for name in operands {
        let Some(function) = shell.state.functions.get(name).cloned() else {
            if which != Which::Declare {
                let builtin: &[u8] = if which == Which::Export { b"export" } else { b"readonly" };
                shell.builtin_error(builtin, &[&name[..], b": not a function"].concat());
            }
            status = ExitStatus::FAILURE;
            continue;
        };
        let changes = request.add != Attributes::NONE || request.remove != Attributes::NONE;
        if !changes {
            if request.names_only && shell.state.is_on(ShellOption::EXTDEBUG) {
                let line = function.line;
                let line = [&name[..], format!(" {line} ").as_bytes(), &function.source, b"\n"].concat();
                shell.out(&line);
            } else if request.names_only && request.print {
                shell.out(&function_attributes(&function));
            } else if request.names_only {
                let line = [&name[..], b"\n"].concat();
                shell.out(&line);
            } else {
                shell.print_function(&function);
            }
            continue;
        }
        let mut changed = (*function).clone();
        let has = |set: Attributes, attribute| set.has(attribute);
        changed.exported =
            (changed.exported || has(request.add, Attributes::EXPORTED)) && !has(request.remove, Attributes::EXPORTED);
        changed.readonly |= has(request.add, Attributes::READONLY);
        changed.traced =
            (changed.traced || has(request.add, Attributes::TRACE)) && !has(request.remove, Attributes::TRACE);
        shell.state.functions.insert_mut(name.clone(), Arc::new(changed));
    }
    Ok(status)
}

impl ShellTask {
    /// Prints a function as `declare -f` does.
    pub(crate) fn print_function(&mut self, function: &crate::shell::function::Function) {
        let text = shell_parser::print::function(&function.unit, &function.name, function.body);
        self.out(&text);
    }

    /// `local -`: the options come back when the function returns.
    fn save_options(&mut self) {
        let options = self.state.options;
        for frame in self.frames.iter_mut().rev() {
            if let Frame::Function(function) = frame {
                function.options.get_or_insert(options);
                return;
            }
        }
    }
}
