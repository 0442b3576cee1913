//! What the log has of each request.

use super::http::{request, send};
use super::room::Room;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

#[test]
fn each_answer_has_an_id_by_which_its_line_is_found_with_the_trace_that_was_sent() {
    let room = Room::ready();
    let server = room.start();
    let traced = format!("00-{TRACE}-00f067aa0ba902b7-01");
    let no_trace = format!("00-{TRACE}-00f067aa0ba902b7-01-more");
    for (path, status, sent, is_told) in [
        ("/v1/server", 200, Some(&traced), true),
        ("/nothing", 404, Some(&traced), true),
        ("/v1/session", 401, Some(&traced), true),
        ("/v1/server", 200, Some(&no_trace), false),
        ("/v1/server", 200, None, false),
    ] {
        let header = sent.map(|trace| ("traceparent", trace.as_str()));
        let asked = request(("GET", path), header.as_slice(), None);
        let answer = send(room.port, &asked).unwrap().is(status);
        let id = answer.header("request-id").unwrap();
        let log = room.log();
        let mut lines = log.lines().filter(|line| line.contains(id));
        let line = lines.next().unwrap_or_else(|| panic!("no {id} in {log}"));
        assert_eq!(lines.next(), None);
        assert_eq!(line.contains(&format!("trace {TRACE}")), is_told, "{line}");
        assert!(line.contains(&format!(" {status} ")), "{line}");
    }
    server.end();
}
