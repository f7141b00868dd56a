import Configuration
import Glibc
import Identity
import OpenSSL
import Policy

/// What the doctor sees on this machine without asking anybody.
struct FileExamination {
    let settings: Settings
    let report: DoctorReport

    func examine() {
        examineRing()
        examineCheckpointKey()
        examinePolicy()
        examineDisk()
    }

    private func examineRing() {
        do throws(KeyRingError) {
            let ring = try KeyRing(file: settings.keys.ring)
            let key = try ring.activeKey(at: .current())
            report.ok("keys", "\(settings.keys.ring): key \(key.id) is in use since \(key.activates)")
        } catch {
            let mend = "posternctl keys init; chown root:postern_keys, chmod 0640"
            report.fail("keys", "\(settings.keys.ring): \(error)", mend: mend)
        }
    }

    private func examineCheckpointKey() {
        let path = settings.keys.checkpoint
        do {
            let pem = Array(try Settings.text(ofFile: path).utf8)
            _ = try Ed25519.PrivateKey(pem: pem.span)
        } catch {
            report.fail("keys", "\(path): \(error)", mend: "posternctl keys init, or restore the site's key")
            return
        }
        var status = stat()
        guard unsafe stat(path, &status) == 0, status.st_mode & 0o077 == 0 else {
            report.fail("keys", "\(path) can be read by others", mend: "chmod 0600 \(path)")
            return
        }
        report.ok("keys", "\(path) signs checkpoints")
    }

    private func examinePolicy() {
        do {
            let sources = try settings.policyFiles.map {
                PolicySource(name: $0, text: try Settings.text(ofFile: $0))
            }
            let policy = try PolicySet(parsing: sources)
            let findings = try policy.lint(.embedded()).filter { $0.severity > .note }
            for finding in findings {
                report.warn("policy", finding.description, mend: "posternctl policy check")
            }
            if findings.isEmpty { report.ok("policy", "\(policy.statementCount) statements, nothing suspicious") }
        } catch {
            report.fail("policy", "\(error)", mend: "posternctl policy check; the programs keep the last good policy")
        }
    }

    private func examineDisk() {
        let audit = settings.audit
        let directories = [
            audit.sinks.file.map(Self.directory) ?? "/var/log",
            audit.checkpointExport.file.map(Self.directory) ?? "/var/lib",
        ]
        for directory in directories {
            var status = statvfs()
            guard unsafe statvfs(directory, &status) == 0, status.f_blocks > 0 else { continue }
            let percent = Int(status.f_bavail * 100 / status.f_blocks)
            let text = "\(directory): \(percent) % free"
            if percent < 3 {
                report.fail("disk", text, mend: "free space: logs and audit stop when it is full")
            } else if percent < 10 {
                report.warn("disk", text, mend: "free space before it is full")
            } else {
                report.ok("disk", text)
            }
        }
    }

    /// The programs' sockets: there, closed to others, and answered.
    func examineSockets() {
        for path in [settings.auth.socket, settings.console.listening.socket] + workerSockets { examineSocket(path) }
    }

    /// The one of the configuration, or those of `postern-worker@N`, beside it.
    private var workerSockets: [String] {
        let path = settings.worker.socket
        if Self.exists(path) { return [path] }
        let stem = path.hasSuffix(".sock") ? String(path.dropLast(5)) : path
        let numbered = (1...99).map { "\(stem)-\($0).sock" }.filter(Self.exists)
        return numbered.isEmpty ? [path] : numbered
    }

    private func examineSocket(_ path: String) {
        let mend = "systemctl status postern.target; journalctl -u 'postern-*'"
        var status = stat()
        guard unsafe lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else {
            report.fail("sockets", "\(path) is not there", mend: mend)
            return
        }
        guard status.st_mode & 0o007 == 0 else {
            report.fail("sockets", "\(path) is open to everybody", mend: "SocketMode=0660; chmod 0660 \(path)")
            return
        }
        guard UnixSocket.isAnswered(path) else {
            report.fail("sockets", "nobody answers on \(path)", mend: mend)
            return
        }
        report.ok("sockets", path)
    }

    private static func exists(_ path: String) -> Bool {
        unsafe access(path, F_OK) == 0
    }

    private static func directory(of path: String) -> String {
        "/" + path.split(separator: "/").dropLast().joined(separator: "/")
    }
}

/// A unix socket of a program.
enum UnixSocket {
    /// Whether somebody listens.
    static func isAnswered(_ path: String) -> Bool {
        let probe = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard probe >= 0 else { return false }
        defer { close(probe) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { return false }
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
        return unsafe withUnsafePointer(to: address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { rebound in
                unsafe connect(probe, rebound, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
    }
}
