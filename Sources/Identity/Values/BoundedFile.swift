internal import Glibc

/// Whole small files, read with limits on size and, for secrets, on who else may read them.
enum BoundedFile {
    /// Who may have access to a file.
    enum Secrecy {
        /// Anybody.
        case none
        /// The owner, who is root or this process's user, and readers of its group: nobody else.
        case secret
    }

    /// Reads a regular file of at most `maximumBytes`.
    static func read(_ path: String, maximumBytes: Int, secrecy: Secrecy) throws(FileError) -> [UInt8] {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw errno == ENOENT ? .missing : .unreadable(errno: errno) }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw .unreadable(errno: errno) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .notRegular }
        if secrecy == .secret {
            guard status.st_uid == 0 || status.st_uid == geteuid(), status.st_mode & 0o037 == 0 else {
                throw .tooOpen
            }
        }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 8192)
        while true {
            let count = unsafe Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0 {
                guard errno == EINTR else { throw .unreadable(errno: errno) }
                continue
            }
            guard count > 0 else { return bytes }
            bytes.append(contentsOf: buffer[..<count])
            guard bytes.count <= maximumBytes else { throw .tooLarge }
        }
    }

    /// Replaces a file atomically; a new one is readable by its owner alone, an existing one keeps mode and owners.
    static func replace(_ path: String, with bytes: [UInt8]) throws(FileError) {
        var mode: mode_t = 0o600
        var owners: (user: uid_t, group: gid_t)?
        var existing = stat()
        if unsafe lstat(path, &existing) == 0 {
            guard existing.st_mode & S_IFMT == S_IFREG else { throw .notRegular }
            mode = existing.st_mode & 0o640
            owners = (existing.st_uid, existing.st_gid)
        }
        let fresh = "\(path).\(getpid()).new"
        let descriptor = unsafe open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .unwritable(errno: errno) }
        defer { close(descriptor) }
        do throws(FileError) {
            try write(bytes, to: descriptor)
            if let owners, fchown(descriptor, owners.user, owners.group) != 0 { throw .unwritable(errno: errno) }
            guard fchmod(descriptor, mode) == 0, fsync(descriptor) == 0, unsafe rename(fresh, path) == 0 else {
                throw .unwritable(errno: errno)
            }
        } catch {
            unsafe unlink(fresh)
            throw error
        }
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32) throws(FileError) {
        var sent = 0
        while sent < bytes.count {
            let rest = Array(bytes[sent...])
            let count = unsafe Glibc.write(descriptor, rest, rest.count)
            guard count > 0 || errno == EINTR else { throw .unwritable(errno: errno) }
            sent += max(0, count)
        }
    }
}

/// Why a file could not be read or replaced.
public enum FileError: Error, Sendable, Hashable {
    case missing, notRegular, tooLarge
    /// A secret that others than its owner and its group's readers can reach.
    case tooOpen
    case unreadable(errno: Int32), unwritable(errno: Int32)
}
