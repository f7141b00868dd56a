import COpenSSL

/// What a cryptographic operation failed of; never carries key material.
public enum OpenSSLError: Error, Equatable, Sendable {
    /// The library refused: which call, and its error queue's own words.
    case library(call: String, reasons: String)
    /// A key, nonce, digest or encoding has another length than it must have; lengths in bytes.
    case wrongLength(of: String, expected: Int, actual: Int)
    /// A key is malformed, too weak or not on its curve.
    case unacceptableKey(String)
    /// The key is of another kind than the signature algorithm needs.
    case algorithmMismatch
    /// The authentication tag does not fit: wrong key, nonce or data.
    case authenticationFailed

    /// Empties this thread's error queue into an error about `call`.
    static func draining(_ call: String) -> OpenSSLError {
        .library(call: call, reasons: drainErrorQueue())
    }
}

/// Empties this thread's error queue and returns its reasons, oldest first.
@discardableResult
func drainErrorQueue() -> String {
    var reasons = ""
    while true {
        let code = ERR_get_error()
        guard code != 0 else { return reasons }
        if !reasons.isEmpty { reasons += "; " }
        if let text = unsafe ERR_reason_error_string(code) {
            reasons += unsafe String(cString: text)
        } else {
            reasons += "error \(code)"
        }
    }
}

/// Lends the bytes of `span` as a pointer that is never nil, not even for no bytes.
///
/// OpenSSL reads a nil pointer as "keep the former value" in several calls.
func withPointer<Result, Failure: Error>(
    to span: Span<UInt8>,
    _ body: (UnsafePointer<UInt8>, Int) throws(Failure) -> Result
) throws(Failure) -> Result {
    let outcome = unsafe span.withUnsafeBufferPointer { buffer -> Swift.Result<Result, Failure> in
        do throws(Failure) {
            if let base = buffer.baseAddress {
                return .success(try unsafe body(base, buffer.count))
            }
            var nothing: UInt8 = 0
            return try unsafe withUnsafePointer(to: &nothing) { pointer throws(Failure) in
                .success(try unsafe body(pointer, 0))
            }
        } catch {
            return .failure(error)
        }
    }
    return try outcome.get()
}
