import ArgumentParser
import Configuration
import FastCGI
import Foundation
import Identity
import Logging

/// Says who makes a request, and gives agents gateway credentials.
///
/// It holds no credential of AWS's.
@main
struct PosternAuth: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "postern-auth",
        abstract: "Says who makes a request, and gives agents gateway credentials.",
        discussion: """
            SIGHUP reads the configuration and the key ring again; a file with a mistake changes nothing. A key ring that
            was replaced is noticed by itself. SIGTERM ends the program once its requests are answered.
            """,
        version: Version.current
    )

    @Option(name: .long, help: "The configuration file.")
    var config = "/etc/postern/postern.yaml"

    /// Seconds that requests have to end after SIGTERM.
    private static let drainSeconds = 10.0

    func run() throws {
        // Before any thread starts, so that signals come here alone.
        let signals = SignalWaiter()
        let environment = ProcessInfo.processInfo.environment
        let manager = ServiceManager(environment: environment)
        JSONLogHandler.bootstrap()
        let logger = Logger(label: "postern-auth")
        do {
            let settings = try Settings(file: config, environment: environment)
            let program = try AuthProgram(settings: settings, logger: logger)
            let socket = try Self.socket(settings.auth)
            let server = try Server(
                socket: socket,
                size: Server.Size(threads: settings.auth.threads),
                handler: program.answer
            )
            program.startBackground(database: settings.database)
            program.awaitRevocations()
            server.start()
            logger.info("ready", metadata: ["socket": "\(settings.auth.socket)"])
            manager.tell(.ready)
            while signals.next(reassuring: manager) == .reload {
                manager.tell(.reloading)
                program.reload(configuration: config, environment: environment)
                manager.tell(.ready)
            }
            manager.tell(.stopping)
            let isDrained = server.drain(within: Self.drainSeconds)
            _ = consume socket
            logger.info("stopped", metadata: ["drained": "\(isDrained)"])
        } catch {
            logger.critical("cannot start", metadata: ["error": "\(error)"])
            throw ExitCode.failure
        }
    }

    private static func socket(_ settings: Settings.Listening) throws(FastCGIError) -> ListeningSocket {
        try ListeningSocket(
            path: settings.socket,
            mode: settings.mode,
            groupNamed: settings.group,
            environment: ProcessInfo.processInfo.environment
        )
    }
}
