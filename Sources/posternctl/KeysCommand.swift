import ArgumentParser
import Audit
import Configuration
import Glibc
import Identity
import OpenSSL
import Postgres

/// `posternctl keys`: the key files of a site.
struct KeysCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "Make and rotate the site's keys.",
        subcommands: [Initialise.self, Rotate.self]
    )

    struct Initialise: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "init",
            abstract: "Make the key ring and the key that signs audit checkpoints.",
            discussion: "Files that exist are left alone. The public key of the checkpoints goes to FILE.pub."
        )

        @Option(help: "The ring's file, for all nodes of the site.")
        var ring: String

        @Option(help: "The checkpoint key's file.")
        var checkpoint: String

        func run() throws {
            if unsafe access(ring, F_OK) == 0 {
                print("\(ring): exists")
            } else {
                do {
                    try KeyRing.generate(at: .current()).write(to: ring)
                } catch {
                    throw Failure("\(ring): \(error)")
                }
                print("\(ring): made")
            }
            if unsafe access(checkpoint, F_OK) == 0 {
                print("\(checkpoint): exists")
                return
            }
            do {
                let key = try Ed25519.PrivateKey.generate()
                let pem = try key.pem().withSpan { span in (0..<span.count).map { span[$0] } }
                try NewFile.write(pem, to: checkpoint, mode: 0o600)
                try NewFile.write(Array(try key.publicKey.pem().utf8), to: "\(checkpoint).pub", mode: 0o644)
            } catch {
                throw Failure("\(checkpoint): \(error)")
            }
            print("\(checkpoint): made, with \(checkpoint).pub")
        }
    }

    struct Rotate: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Add a key to the ring; the others retire when nothing they made can still be in use.",
            discussion: "Copy the file to every node within --spread seconds; each reads it by itself."
        )

        @Option(help: "The ring's file.")
        var ring: String

        @Option(help: "Seconds until the new key is used: the time you need to copy the file.")
        var spread: Int64 = 300

        @Option(help: "Seconds for which the others count after that: at least the longest session.")
        var overlap: Int64 = 43_200

        func run() throws {
            do {
                let fresh = try KeyRing(file: ring).rotated(at: .current(), spread: spread, overlap: overlap)
                try fresh.write(to: ring)
                for key in fresh.keys {
                    print(
                        "\(key.id)  used from \(key.activates)  until \(key.retires.map { "\($0)" } ?? "the next rotation")"
                    )
                }
            } catch {
                throw Failure("\(ring): \(error)")
            }
        }
    }
}

/// A file that must not exist yet.
enum NewFile {
    /// Writes `bytes`, durably.
    static func write(_ bytes: [UInt8], to path: String, mode: mode_t) throws(Failure) {
        let file = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard file >= 0 else { throw Failure("cannot be made: \(unsafe String(cString: strerror(errno)))") }
        defer { close(file) }
        let count = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(file, $0.baseAddress, $0.count) }
        guard count == bytes.count, fsync(file) == 0 else { throw Failure("cannot be written") }
    }
}
