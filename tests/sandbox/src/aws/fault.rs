//! AWS errors as each protocol writes them.

use axum::body::Body;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use crate::faults::{Fault, Mode};
use crate::listen;

/// The answer a fault gives instead of AWS, or `None` where the real answer is needed.
pub(crate) fn answer(fault: &Fault, service: &str, action: &str) -> Option<Response> {
    let (code, status, message) = match fault.mode {
        Mode::TooMany | Mode::Quota => match service {
            "ec2" => ("RequestLimitExceeded", 503, "Request limit exceeded."),
            "s3" => ("SlowDown", 503, "Please reduce your request rate."),
            _ => ("Throttling", 400, "Rate exceeded"),
        },
        Mode::Unauthorized => match service {
            "ec2" => {
                ("AuthFailure", 401, "AWS was not able to validate the provided access credentials")
            }
            "s3" => ("InvalidAccessKeyId", 403, "The access key does not exist in our records."),
            _ => (
                "InvalidClientTokenId",
                403,
                "The security token included in the request is invalid.",
            ),
        },
        Mode::ExpiredToken => match service {
            "ec2" => ("RequestExpired", 400, "Request has expired."),
            "s3" => ("ExpiredToken", 400, "The provided token has expired."),
            _ => ("ExpiredToken", 403, "The security token included in the request is expired"),
        },
        Mode::Forbidden => match service {
            "ec2" => {
                ("UnauthorizedOperation", 403, "You are not authorized to perform this operation.")
            }
            _ => ("AccessDenied", 403, "not authorized to perform this action"),
        },
        Mode::Internal => match service {
            "ec2" | "s3" => ("InternalError", 500, "An internal error has occurred"),
            "iam" => ("ServiceFailure", 500, "The request processing has failed."),
            _ => ("InternalFailure", 500, "The request processing has failed."),
        },
        Mode::Cut => return Some(listen::cut()),
        Mode::Html200 => {
            return Some(
                axum::response::Html("<!DOCTYPE html><title>Proxy</title><p>Signed out.")
                    .into_response(),
            );
        }
        Mode::Garbage => {
            return Some(
                ([(header::CONTENT_TYPE, "text/xml")], Body::from(&b"<\xff\xfe\x00 not xml"[..]))
                    .into_response(),
            );
        }
        Mode::Huge => return Some(listen::huge(fault)),
        Mode::None | Mode::Slow | Mode::CutHalf | Mode::Lost => return None,
    };
    let code = fault.code.as_deref().unwrap_or(code);
    Some(error(service, status, code, &format!("{message} ({action}, injected by the sandbox)")))
}

/// An error document of the service's protocol.
pub(crate) fn error(service: &str, status: u16, code: &str, message: &str) -> Response {
    let (code, message) = (escape(code), escape(message));
    let inner = format!("<Code>{code}</Code><Message>{message}</Message>");
    let request = "sandbox-fault-0000-0000-000000000000";
    let document = match service {
        "ec2" => {
            format!(
                "<Response><Errors><Error>{inner}</Error></Errors><RequestID>{request}</RequestID></Response>"
            )
        }
        "s3" => format!("<Error>{inner}<RequestId>{request}</RequestId></Error>"),
        _ => {
            let side = if status < 500 { "Sender" } else { "Receiver" };
            let error = format!("<Error><Type>{side}</Type>{inner}</Error>");
            format!("<ErrorResponse>{error}<RequestId>{request}</RequestId></ErrorResponse>")
        }
    };
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let body = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{document}");
    (status, [(header::CONTENT_TYPE, "text/xml")], body).into_response()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
