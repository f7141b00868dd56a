import Glibc
import Postgres
import Testing

@Suite("Stopped server")
struct StoppedServerTests {
    /// A socket that accepts into its backlog and never answers: what a stopped server looks like.
    @Test("Gives up connecting to a server that never answers")
    func givesUp() throws {
        let directory = "/tmp/postern-mute-\(getpid())"
        unsafe mkdir(directory, 0o700)
        let path = "\(directory)/.s.PGSQL.5432"
        let listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        defer {
            close(listener)
            unsafe unlink(path)
            unsafe rmdir(directory)
        }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        let bound = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe bind(listener, $0, size) }
        }
        #expect(bound == 0)
        #expect(listen(listener, 4) == 0)
        let start = ContinuousClock.now
        #expect(throws: PostgresError.deadlineExceeded) {
            _ = try Connection("host=\(directory)", timeout: .milliseconds(300)).user
        }
        #expect(ContinuousClock.now - start < .seconds(2))
    }
}
