//! Compressed requests: the mobile SDKs gzip their JSON.

use std::io::Read;

use bytes::Bytes;
use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use http::header::CONTENT_ENCODING;
use http::{Request, Response, StatusCode};

use crate::http::answers::gateway;

/// The largest unpacked body of a request to the API. Zips go elsewhere, and have their own limits.
pub(crate) const MAX_JSON: usize = 10 * 1024 * 1024;

/// A body that can't be used, in the gateway's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unusable {
    status: StatusCode,
    message: &'static str,
}

impl From<Unusable> for Response<Bytes> {
    fn from(unusable: Unusable) -> Self {
        gateway(unusable.status, unusable.message)
    }
}

const TOO_LONG: Unusable = Unusable { status: StatusCode::PAYLOAD_TOO_LARGE, message: "Request Too Long" };
const UNKNOWN: Unusable = Unusable {
    status: StatusCode::UNSUPPORTED_MEDIA_TYPE,
    message: "Unsupported Content-Encoding: only gzip and deflate are known, and two at the most",
};
const INVALID: Unusable =
    Unusable { status: StatusCode::BAD_REQUEST, message: "The body is not what its Content-Encoding says" };

/// Unpacks a compressed body of a request, and refuses one that is too long, packed or unpacked.
pub(crate) fn unpack(request: &mut Request<Bytes>) -> Result<(), Unusable> {
    for coding in codings(request)? {
        let body = unpack_one(coding, request.body(), MAX_JSON)?;
        *request.body_mut() = body;
    }
    if request.body().len() > MAX_JSON { Err(TOO_LONG) } else { Ok(()) }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coding {
    Gzip,
    Deflate,
}

/// The codings of the body, last applied first.
fn codings(request: &Request<Bytes>) -> Result<Vec<Coding>, Unusable> {
    let mut codings = Vec::new();
    for value in request.headers().get_all(CONTENT_ENCODING) {
        for name in value.to_str().unwrap_or("?").split(',') {
            match name.trim().to_ascii_lowercase().as_str() {
                "" | "identity" => {}
                "gzip" | "x-gzip" => codings.push(Coding::Gzip),
                "deflate" => codings.push(Coding::Deflate),
                _ => return Err(UNKNOWN),
            }
        }
    }
    // Nobody packs things more often than that, and each time costs.
    if codings.len() > 2 {
        return Err(UNKNOWN);
    }
    codings.reverse();
    Ok(codings)
}

fn unpack_one(coding: Coding, body: &[u8], limit: usize) -> Result<Bytes, Unusable> {
    let unpacked = match coding {
        Coding::Gzip => read_up_to(MultiGzDecoder::new(body), limit),
        // By the book it is zlib, but some clients leave that wrapper off.
        Coding::Deflate => read_up_to(ZlibDecoder::new(body), limit)
            .or_else(|_| read_up_to(DeflateDecoder::new(body), limit)),
    };
    let unpacked = unpacked.map_err(|_| INVALID)?;
    if unpacked.len() > limit { Err(TOO_LONG) } else { Ok(unpacked.into()) }
}

/// Reads everything, or one byte more than the limit.
fn read_up_to(packed: impl Read, limit: usize) -> std::io::Result<Vec<u8>> {
    let mut unpacked = Vec::new();
    packed.take(limit as u64 + 1).read_to_end(&mut unpacked)?;
    Ok(unpacked)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

    use super::*;

    fn gzip(content: &[u8]) -> Vec<u8> {
        let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
        packer.write_all(content).unwrap();
        packer.finish().unwrap()
    }

    fn zlib(content: &[u8]) -> Vec<u8> {
        let mut packer = ZlibEncoder::new(Vec::new(), Compression::fast());
        packer.write_all(content).unwrap();
        packer.finish().unwrap()
    }

    fn deflate(content: &[u8]) -> Vec<u8> {
        let mut packer = DeflateEncoder::new(Vec::new(), Compression::fast());
        packer.write_all(content).unwrap();
        packer.finish().unwrap()
    }

    fn unpacked(coding: &str, body: Vec<u8>) -> Result<Bytes, u16> {
        let mut request = Request::post("/").header("content-encoding", coding).body(body.into()).unwrap();
        unpack(&mut request).map_err(|refusal| refusal.status.as_u16())?;
        Ok(request.into_body())
    }

    #[test]
    fn every_spelling_is_unpacked() {
        let text = b"{\"a\": 1}";
        for (coding, body) in [
            ("gzip", gzip(text)),
            ("X-GZIP", gzip(text)),
            ("gzip", [gzip(&text[..3]), gzip(&text[3..])].concat()),
            ("deflate", zlib(text)),
            ("deflate", deflate(text)),
            ("identity", text.to_vec()),
            ("", text.to_vec()),
            ("deflate, gzip", gzip(&zlib(text))),
            ("gzip, identity", gzip(text)),
        ] {
            assert_eq!(unpacked(coding, body).unwrap(), &text[..], "{coding}");
        }
    }

    #[test]
    fn an_image_with_a_false_extension_is_refused() {
        let good = gzip(b"{}");
        assert_eq!(unpacked("gzip", b"{}".to_vec()), Err(400));
        assert_eq!(unpacked("gzip", Vec::new()), Err(400));
        assert_eq!(unpacked("gzip", good[..good.len() - 1].to_vec()), Err(400));
        assert_eq!(unpacked("deflate", b"\xff\xff\xff".to_vec()), Err(400));
        assert_eq!(unpacked("br", good.clone()), Err(415));
        assert_eq!(unpacked("gzip, gzip, gzip", gzip(&gzip(&good))), Err(415));
    }

    #[test]
    fn no_more_than_the_limit_is_unpacked() {
        let bomb = gzip(&vec![b' '; MAX_JSON + 1]);
        assert!(bomb.len() < MAX_JSON / 50);
        assert_eq!(unpacked("gzip", bomb.clone()), Err(413));
        assert_eq!(unpacked("gzip, gzip", gzip(&bomb)), Err(413));
        assert_eq!(unpacked("gzip", gzip(&vec![b' '; MAX_JSON])).unwrap().len(), MAX_JSON);
        assert_eq!(unpacked("", vec![b' '; MAX_JSON + 1]), Err(413));
    }
}
