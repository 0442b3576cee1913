//! Arguments in, exit code out.

fn main() {
    let code = punchmark::cli::main(std::env::args_os());
    punchmark::cli::leave(code);
}
