use std::io::{self, Read};

/// A reader that fails beyond a limit, so that an endless file does not fill the memory.
pub(super) struct Limited<R> {
    reader: R,
    left: u64,
    max_kib: usize,
}

impl<R: Read> Limited<R> {
    pub(super) fn new(reader: R, max_kib: usize) -> Self {
        Self { reader, left: max_kib as u64 * 1024, max_kib }
    }
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = loop {
            match self.reader.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        self.left = self.left.checked_sub(read as u64).ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::FileTooLarge,
                format!("it is larger than {} KiB", self.max_kib),
            )
        })?;
        Ok(read)
    }
}
