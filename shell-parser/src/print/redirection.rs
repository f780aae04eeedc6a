//! Redirections.

use crate::ast::{
    Duplicate, HereDocumentId, IdRange, Redirection, RedirectionFd, RedirectionId, RedirectionKind, WordId,
};
use crate::print::command::Printer;
use crate::quote::single_quoted;

impl Printer<'_> {
    /// Redirections separated by blanks, and the bodies of the here-documents among them.
    pub(super) fn redirections(&mut self, ids: IdRange<RedirectionId>) {
        self.after_body = false;
        let mut bodies = Vec::new();
        for (n, redirection) in self.unit.redirections(ids).iter().enumerate() {
            if n > 0 {
                self.put(b" ");
            }
            self.redirection(redirection, &mut bodies);
        }
        self.add_bodies(bodies);
    }

    fn redirection(&mut self, redirection: &Redirection, bodies: &mut Vec<HereDocumentId>) {
        let fd = &redirection.fd;
        match redirection.kind {
            RedirectionKind::Input(word) => self.with_word(fd, 0, b"< ", word),
            RedirectionKind::Output(word) => self.with_word(fd, 1, b"> ", word),
            RedirectionKind::Append(word) => self.with_word(fd, 1, b">> ", word),
            RedirectionKind::Clobber(word) => self.with_word(fd, 1, b">| ", word),
            RedirectionKind::ReadWrite(word) => {
                self.fd_or(fd, 0);
                self.put(b"<> ");
                self.word(word);
            }
            RedirectionKind::OutputBoth(word) => {
                let as_duplicate = self.unit.text(redirection.span).starts_with(b">&");
                self.put(if as_duplicate { b">&" } else { b"&> " });
                self.word(word);
            }
            RedirectionKind::AppendBoth(word) => {
                self.put(b"&>> ");
                self.word(word);
            }
            RedirectionKind::DuplicateInput(Duplicate::Word(word)) => self.with_word(fd, 0, b"<&", word),
            RedirectionKind::DuplicateOutput(Duplicate::Word(word)) => self.with_word(fd, 1, b">&", word),
            RedirectionKind::DuplicateInput(duplicate) => self.duplicate(fd, 0, b"<&", duplicate),
            RedirectionKind::DuplicateOutput(duplicate) => self.duplicate(fd, 1, b">&", duplicate),
            RedirectionKind::Close { input } => {
                self.fd_or(fd, if input { 0 } else { 1 });
                self.put(b">&-");
            }
            RedirectionKind::HereString(word) => self.with_word(fd, 0, b"<<< ", word),
            RedirectionKind::HereDocument(id) => {
                self.fd_unless(fd, 0);
                let document = self.unit.here_document(id);
                self.put(if document.strip_tabs { b"<<-" } else { b"<<" });
                if document.quoted {
                    let quoted = single_quoted(&document.delimiter);
                    self.put(&quoted);
                } else {
                    self.put(&document.delimiter);
                }
                bodies.push(id);
            }
        }
    }

    fn with_word(&mut self, fd: &RedirectionFd, default: u32, operator: &[u8], word: WordId) {
        self.fd_unless(fd, default);
        self.put(operator);
        self.word(word);
    }

    fn duplicate(&mut self, fd: &RedirectionFd, default: u32, operator: &[u8], duplicate: Duplicate) {
        self.fd_or(fd, default);
        self.put(operator);
        match duplicate {
            Duplicate::Number(number) => self.number(number),
            Duplicate::Move(number) => {
                self.number(number);
                self.put(b"-");
            }
            Duplicate::Word(word) => self.word(word),
        }
    }

    /// The descriptor, left out when it is the default one.
    fn fd_unless(&mut self, fd: &RedirectionFd, default: u32) {
        match fd {
            RedirectionFd::Number(number) if *number != default => self.number(*number),
            RedirectionFd::Variable(name) => self.variable(name),
            _ => {}
        }
    }

    /// The descriptor, the default one too.
    fn fd_or(&mut self, fd: &RedirectionFd, default: u32) {
        match fd {
            RedirectionFd::Number(number) => self.number(*number),
            RedirectionFd::Default => self.number(default),
            RedirectionFd::Variable(name) => self.variable(name),
        }
    }

    fn number(&mut self, number: u32) {
        self.put(number.to_string().as_bytes());
    }

    fn variable(&mut self, name: &[u8]) {
        self.put(b"{");
        self.put(name);
        self.put(b"}");
    }
}
