/// Prints the AsyncAPI document that is kept as `docs/asyncapi.yaml`. No server is needed for it.
#[expect(clippy::print_stdout, reason = "the document is the command's answer")]
pub(crate) fn asyncapi() {
    print!("{}", nats::asyncapi().to_yaml());
}
