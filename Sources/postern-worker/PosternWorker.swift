import ArgumentParser
import Configuration
import FastCGI
import Foundation
import Gateway
import Logging

/// postern-worker: judges calls, sends them to AWS with the gateway's credential, and masks the answers.
@main
struct PosternWorker: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "postern-worker",
        abstract: "Judges calls, signs and sends them to AWS, and masks the answers.",
        discussion: """
            The gateway's own AWS credential comes from where SDKs look for one: environment, shared files, container,
            instance. SIGHUP reads roles, policy and key ring again, all or nothing; policy and key ring are also
            watched. SIGTERM ends the program once its calls are answered.
            """,
        version: Version.current
    )

    @Option(name: .long, help: "The configuration file.")
    var config = "/etc/postern/postern.yaml"

    /// Seconds that calls have to end after SIGTERM.
    private static let drainSeconds = 30.0

    func run() throws {
        // Before any thread starts, so that signals come here alone.
        let signals = SignalWaiter()
        let environment = ProcessInfo.processInfo.environment
        let manager = ServiceManager(environment: environment)
        JSONLogHandler.bootstrap()
        let logger = Logger(label: "postern-worker")
        do {
            let settings = try Settings(file: config, environment: environment)
            let program = try WorkerProgram(settings: settings, logger: logger)
            let socket = try Self.socket(settings.worker)
            let size = Server.Size(threads: settings.worker.threads, held: settings.worker.held)
            let server = try Server(socket: socket, size: size, handler: program.gateway.handle)
            program.awaitRevocations()
            server.start()
            logger.info("ready", metadata: ["socket": "\(settings.worker.socket)"])
            manager.tell(.ready)
            while signals.next(reassuring: manager) == .reload {
                manager.tell(.reloading)
                program.reload(configuration: config, environment: environment)
                manager.tell(.ready)
            }
            manager.tell(.stopping)
            let isDrained = server.drain(within: Self.drainSeconds)
            program.stop()
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
