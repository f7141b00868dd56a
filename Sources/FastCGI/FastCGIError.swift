/// What can go wrong between nginx and this process.
public enum FastCGIError: Error, Equatable {
    /// libfcgi could not be initialised.
    case initialisationFailed
    /// A socket call failed; `errno` and the call's name.
    case socket(call: String, errno: Int32)
    /// A unix socket's path has more bytes than `sun_path` holds (107).
    case pathTooLong(bytes: Int)
    /// Another process listens on this path.
    case addressInUse(path: String)
    /// The machine has no group of this name.
    case unknownGroup(String)
    /// systemd passed no usable socket (`LISTEN_PID`, `LISTEN_FDS`).
    case notInherited
    /// The request's body could not be read to its end: the client or nginx went away.
    case bodyTruncated
    /// The answer could not be written: the client or nginx went away.
    case connectionLost
    /// A header name or value that would break the answer's framing.
    case invalidHeader(name: String)
}
