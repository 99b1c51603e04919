import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.upstream.head import Head, head_of
from shadowbert.upstream.headers import Pairs

ORIGIN = "http://h:81"


def head(method: str = "GET", target: bytes = b"/v1", *, headers: Pairs = (), body: bytes = b"") -> Head:
    return head_of(method, ORIGIN, target, headers=headers, body=body)


def test_a_usual_head_is_left_to_the_client_library() -> None:
    usual = head("POST", b"/v1/x?a=%20", headers=[(b"x-name", "größe".encode())], body=b"{}")
    assert usual.exact is None
    assert usual.headers == [("x-name", "größe"), ("Content-Length", "2")]
    assert str(usual.url) == "http://h:81/v1/x?a=%20"


@pytest.mark.parametrize(
    ("method", "target", "line"),
    [
        ("GET", b"/v1?", b"GET /v1? HTTP/1.1"),
        ("OPTIONS", b"*", b"OPTIONS * HTTP/1.1"),
        ("frob", b"/v1", b"frob /v1 HTTP/1.1"),
        ("GET", b"/v1/\xe9", b"GET /v1/\xe9 HTTP/1.1"),
        ("GET", b"/v1#x", b"GET /v1#x HTTP/1.1"),
        ("GET", b"", b"GET / HTTP/1.1"),
    ],
)
def test_a_line_that_the_library_would_change_is_written_out(method: str, target: bytes, line: bytes) -> None:
    exact = head(method, target).exact
    assert exact == line + b"\r\nHost: h:81\r\n\r\n"


def test_a_value_that_is_not_utf8_is_written_out() -> None:
    exact = head("POST", headers=[(b"x-a", b"\xe9"), (b"x-b", b"1"), (b"x-a", b"2")], body=b"{}").exact
    assert exact == b"POST /v1 HTTP/1.1\r\nHost: h:81\r\nx-a: \xe9\r\nx-b: 1\r\nx-a: 2\r\nContent-Length: 2\r\n\r\n"


def test_a_declared_length_is_kept_even_where_it_is_nought() -> None:
    assert head("DELETE", headers=[(b"content-length", b"0")]).headers == [("Content-Length", "0")]
    assert head("DELETE").headers == []


@given(
    st.lists(st.tuples(st.just(b"x-a"), st.binary(max_size=9)), max_size=3), st.binary(max_size=20).map(b"/".__add__)
)
def test_what_is_left_to_the_library_is_what_it_can_write(pairs: list[tuple[bytes, bytes]], target: bytes) -> None:
    made = head("POST", target, headers=pairs, body=b"x")
    if made.exact is None:
        assert [(n.encode(), v.encode()) for n, v in made.headers[:-1]] == pairs
        assert made.url.raw_path_qs.encode() == target
    else:
        assert made.exact.startswith(b"POST " + target + b" HTTP/1.1\r\n")
        assert all(name + b": " + value + b"\r\n" in made.exact for name, value in pairs)
