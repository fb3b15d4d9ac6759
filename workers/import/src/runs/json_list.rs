use std::io::{BufRead, BufReader, Read};

use super::json_element::row;
use super::{Place, Row, RunOptions};

/// The largest entry that is read.
const MAX_ENTRY_BYTES: usize = 256 * 1024;

/// A JSON list, read entry by entry: neither its size nor a broken entry costs the others.
///
/// It only looks for where entries begin and end. What is in them is parsed one by one.
pub(super) struct JsonList<R: Read> {
    reader: BufReader<R>,
    options: RunOptions,
    line: u64,
    entries: u64,
    /// The byte that was read too far: an entry's first.
    ahead: Option<u8>,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    BeforeList,
    InList,
    AfterList,
    Done,
}

/// How an entry ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// At a comma or the list's end.
    Proper,
    /// Where another one begins in its midst, or at the file's end: it was never closed.
    Unclosed,
}

impl<R: Read> JsonList<R> {
    pub(super) fn new(reader: R, options: RunOptions) -> Self {
        let reader = BufReader::new(reader);
        Self { reader, options, line: 1, entries: 0, ahead: None, state: State::BeforeList }
    }

    pub(super) fn next(&mut self) -> Option<Row> {
        self.step().unwrap_or_else(|error| {
            self.state = State::Done;
            Some(self.bad(self.line, format!("the file cannot be read any further: {error}")))
        })
    }

    fn step(&mut self) -> std::io::Result<Option<Row>> {
        while self.state != State::Done {
            let Some(byte) = self.sign()? else {
                let cut_off = self.state == State::InList;
                self.state = State::Done;
                return Ok(cut_off.then(|| {
                    self.bad(self.line, "the list is cut off: its end is missing".to_owned())
                }));
            };
            match (self.state, byte) {
                (State::BeforeList, _) => self.state = State::InList,
                (State::InList, b',') => {}
                (State::InList, b']') => self.state = State::AfterList,
                (State::InList, first) => return self.entry(first).map(Some),
                (State::AfterList | State::Done, _) => {
                    self.state = State::Done;
                    return Ok(Some(
                        self.bad(self.line, "there is more behind the end of the list".to_owned()),
                    ));
                }
            }
        }
        Ok(None)
    }

    fn entry(&mut self, first: u8) -> std::io::Result<Row> {
        self.entries += 1;
        let line = self.line;
        let mut scan = Scan::default();
        let mut bytes = Vec::new();
        let mut length = 0_usize;
        let mut next = Some(first);
        let end = loop {
            let Some(byte) = next else {
                break End::Unclosed;
            };
            match scan.take(byte) {
                Found::More => {}
                Found::End => {
                    // A comma says nothing more; a bracket ends the list.
                    self.ahead = Some(byte).filter(|byte| *byte == b']');
                    break End::Proper;
                }
                Found::AnotherEntry => {
                    self.ahead = Some(byte);
                    break End::Unclosed;
                }
            }
            length += 1;
            if length <= MAX_ENTRY_BYTES {
                bytes.push(byte);
            }
            next = self.byte()?;
        };
        let place = Place { line, entry: self.entries };
        Ok(match end {
            End::Unclosed => Row::Bad { place, reason: "the entry is never closed".to_owned() },
            End::Proper if length > MAX_ENTRY_BYTES => Row::Bad {
                place,
                reason: format!("the entry is larger than {} KiB", MAX_ENTRY_BYTES / 1024),
            },
            End::Proper => row(place, &bytes, &self.options),
        })
    }

    fn bad(&self, line: u64, reason: String) -> Row {
        Row::Bad { place: Place { line, entry: self.entries + 1 }, reason }
    }

    /// The next byte that is no blank.
    fn sign(&mut self) -> std::io::Result<Option<u8>> {
        loop {
            match self.byte()? {
                Some(byte) if byte.is_ascii_whitespace() => {}
                other => return Ok(other),
            }
        }
    }

    fn byte(&mut self) -> std::io::Result<Option<u8>> {
        if let Some(byte) = self.ahead.take() {
            return Ok(Some(byte));
        }
        let byte = self.reader.fill_buf()?.first().copied();
        if let Some(byte) = byte {
            self.reader.consume(1);
            if byte == b'\n' {
                self.line += 1;
            }
        }
        Ok(byte)
    }
}

/// Follows an entry byte by byte to find its end.
#[derive(Debug, Default)]
struct Scan {
    depth: u32,
    /// Whether the entry is an object, as it should be.
    object: bool,
    in_string: bool,
    escaped: bool,
    /// The last byte that was no blank.
    last: u8,
    /// Whether a line ended within a string, as JSON does not allow: its closing quote is missing.
    torn: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    More,
    End,
    AnotherEntry,
}

impl Scan {
    fn take(&mut self, byte: u8) -> Found {
        if self.in_string {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.in_string = false,
                b'\n' => (self.in_string, self.torn) = (false, true),
                _ => {}
            }
            self.last = byte;
            return Found::More;
        }
        match byte {
            _ if byte.is_ascii_whitespace() => return Found::More,
            b',' | b']' if self.depth == 0 => return Found::End,
            // In an object a name comes next, never another object: this one lacks its end.
            b'{' if self.depth == 1 && self.object && (self.last == b',' || self.torn) => {
                return Found::AnotherEntry;
            }
            b'{' | b'[' => {
                self.object |= self.depth == 0 && byte == b'{';
                self.depth += 1;
            }
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            b'"' => self.in_string = true,
            _ => {}
        }
        self.last = byte;
        Found::More
    }
}
