import Glibc

/// What tells one version of a file from another: which file it is, its size, and when it was written.
public struct FileMark: Equatable, Sendable {
    private let inode: UInt64
    private let size: Int64
    private let seconds: Int
    private let nanoseconds: Int

    /// Looks at the file; one that is not there is like no file that is.
    public init(_ path: String) {
        var status = stat()
        let isThere = unsafe stat(path, &status) == 0
        inode = isThere ? UInt64(status.st_ino) : 0
        size = isThere ? Int64(status.st_size) : -1
        seconds = isThere ? status.st_mtim.tv_sec : 0
        nanoseconds = isThere ? status.st_mtim.tv_nsec : 0
    }
}
