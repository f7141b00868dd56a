import Glibc

/// The address of a unix socket (unix(7)).
enum UnixAddress {
    /// Lends the address of `path`; a path that begins with `@` names an abstract socket.
    static func with<Result>(
        _ path: String,
        _ body: (UnsafePointer<sockaddr>, socklen_t) throws(FastCGIError) -> Result
    ) throws(FastCGIError) -> Result {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var bytes = Array(path.utf8)
        let isAbstract = bytes.first == UInt8(ascii: "@")
        if isAbstract { bytes[0] = 0 }
        let room = MemoryLayout.size(ofValue: address.sun_path)
        guard bytes.count < room else { throw .pathTooLong(bytes: bytes.count) }
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
        // An abstract name is all that the length covers, trailing zeros too.
        let all = MemoryLayout<sockaddr_un>.size
        let length = isAbstract ? all - room + bytes.count : all
        return try unsafe withUnsafePointer(to: address) { pointer throws(FastCGIError) in
            try unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { rebound throws(FastCGIError) in
                try unsafe body(rebound, socklen_t(length))
            }
        }
    }
}
