public import Glibc

/// A unix socket that nginx connects to.
///
/// Owns its descriptor and, where it made the path, the path: both go with it.
public struct ListeningSocket: ~Copyable, Sendable {
    /// The descriptor, for libfcgi.
    let descriptor: Int32
    private let ownedPath: String?

    /// Makes a socket at `path` with permission bits `mode` (for instance `0o660`) and, if given, the group `group`.
    ///
    /// A stale socket (nobody accepts on it) is replaced. The path is bound under a private name and renamed, so that
    /// nobody can connect before its mode is right.
    public init(path: String, mode: mode_t, group: gid_t? = nil, backlog: Int32 = 511) throws(FastCGIError) {
        let fresh = "\(path).\(getpid())"
        if Self.isAlive(path) { throw .addressInUse(path: path) }
        unsafe unlink(fresh)
        let handle = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard handle >= 0 else { throw .socket(call: "socket", errno: errno) }
        do throws(FastCGIError) {
            try unsafe UnixAddress.with(fresh) { address, length throws(FastCGIError) in
                guard unsafe bind(handle, address, length) == 0 else { throw .socket(call: "bind", errno: errno) }
            }
            guard unsafe chmod(fresh, mode) == 0 else { throw .socket(call: "chmod", errno: errno) }
            if let group, unsafe chown(fresh, uid_t.max, group) != 0 { throw .socket(call: "chown", errno: errno) }
            guard listen(handle, backlog) == 0 else { throw .socket(call: "listen", errno: errno) }
            guard unsafe rename(fresh, path) == 0 else { throw .socket(call: "rename", errno: errno) }
        } catch {
            close(handle)
            unsafe unlink(fresh)
            throw error
        }
        descriptor = handle
        ownedPath = path
    }

    /// Takes the first socket that systemd passed to this process (sd_listen_fds(3)).
    public init(inheritedFrom environment: [String: String]) throws(FastCGIError) {
        guard environment["LISTEN_PID"] == String(getpid()), let count = environment["LISTEN_FDS"].flatMap(Int32.init),
            count >= 1
        else { throw .notInherited }
        let first: Int32 = 3
        guard fcntl(first, F_SETFD, FD_CLOEXEC) == 0 else { throw .socket(call: "fcntl", errno: errno) }
        descriptor = first
        ownedPath = nil
    }

    /// Takes systemd's socket where it passed one, else makes one for the group of this name.
    public init(
        path: String,
        mode: mode_t,
        groupNamed group: String?,
        environment: [String: String]
    ) throws(FastCGIError) {
        guard environment["LISTEN_FDS"] == nil else {
            try self.init(inheritedFrom: environment)
            return
        }
        var id: gid_t?
        if let group {
            guard let entry = unsafe getgrnam(group) else { throw .unknownGroup(group) }
            id = unsafe entry.pointee.gr_gid
        }
        try self.init(path: path, mode: mode, group: id)
    }

    deinit {
        close(descriptor)
        if let ownedPath { unsafe unlink(ownedPath) }
    }

    private static func isAlive(_ path: String) -> Bool {
        let probe = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard probe >= 0 else { return false }
        defer { close(probe) }
        let connected = unsafe try? UnixAddress.with(path) { address, length in
            unsafe connect(probe, address, length) == 0
        }
        return connected ?? false
    }
}
