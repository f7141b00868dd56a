import Glibc

/// Appends whole lines to a file that several processes may share and that may be rotated away at any time.
///
/// Owns a descriptor. The file is made with mode 0640.
struct FileAppender: ~Copyable {
    private let path: String
    private var file: Int32 = -1
    private var identity: (device: UInt, inode: UInt) = (0, 0)
    /// Whether the last write ended within a line, as on a full disk.
    private var isTorn = false

    init(_ path: String) {
        self.path = path
    }

    deinit { if file >= 0 { close(file) } }

    /// Appends the bytes, which end with a line feed, in one write; false where they are not there whole.
    mutating func append(_ lines: [UInt8]) -> Bool {
        guard openAgainIfNeeded() else { return false }
        let bytes = isTorn ? [UInt8(ascii: "\n")] + lines : lines
        var written: Int
        repeat {
            written = unsafe bytes.withUnsafeBytes { unsafe write(file, $0.baseAddress, $0.count) }
        } while written < 0 && errno == EINTR
        if written == bytes.count {
            isTorn = false
            return true
        }
        if written > 0 { isTorn = true }
        return false
    }

    /// Opens the file where it is not open, or where its name now means another one.
    private mutating func openAgainIfNeeded() -> Bool {
        var status = stat()
        if file >= 0 {
            if unsafe stat(path, &status) == 0, status.st_dev == identity.device, status.st_ino == identity.inode {
                return true
            }
            close(file)
        }
        isTorn = false
        file = unsafe open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0o640)
        guard file >= 0, unsafe fstat(file, &status) == 0 else { return false }
        identity = (status.st_dev, status.st_ino)
        return true
    }
}
