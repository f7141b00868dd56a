import ArgumentParser
import Configuration
import Console
import FastCGI
import Foundation
import HTTPClient
import Identity
import Logging

/// Serves the approvers' pages.
///
/// It holds no credential of AWS's.
@main
struct PosternConsole: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "postern-console",
        abstract: "Serves the approvers' pages.",
        discussion: "SIGTERM ends the program once its requests are answered; for a new configuration, start it anew.",
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
        let logger = Logger(label: "postern-console")
        do {
            let settings = try Settings(file: config, environment: environment)
            let console = try Self.makeConsole(settings, logger)
            let socket = try Self.socket(settings.console.listening)
            let server = try Server(
                socket: socket,
                size: Server.Size(threads: settings.console.listening.threads),
                handler: console.answer
            )
            Self.keepFresh(console.keys, logger)
            try Self.startWebhook(settings, logger)
            server.start()
            logger.info("ready", metadata: ["socket": "\(settings.console.listening.socket)"])
            manager.tell(.ready)
            while signals.next(reassuring: manager) == .reload {
                manager.tell(.reloading)
                logger.notice("start the program anew for a new configuration")
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

    private static func startWebhook(_ settings: Settings, _ logger: Logger) throws {
        guard let webhook = settings.webhook else { return }
        var limits = HTTPClient.Settings()
        limits.connectTimeout = 2000
        limits.totalTimeout = 5000
        let fetch = try HTTPClient(settings: limits).makeFetch()
        try WebhookSender(webhook, console: settings.console.url, fetch: fetch, logger: logger)
            .start(database: settings.database)
    }

    private static func makeConsole(_ settings: Settings, _ logger: Logger) throws -> Console {
        guard let issuer = settings.issuers.first(where: { $0.url.text == settings.console.issuer }) else {
            throw ConsoleError.issuerUnknown
        }
        return try Console(
            settings: settings,
            ring: try KeyRing(file: settings.keys.ring),
            fetch: try HTTPClient.makeFetch(for: issuer),
            logger: logger
        )
    }

    private static func socket(_ settings: Settings.Listening) throws(FastCGIError) -> ListeningSocket {
        try ListeningSocket(
            path: settings.socket,
            mode: settings.mode,
            groupNamed: settings.group,
            environment: ProcessInfo.processInfo.environment
        )
    }

    /// Fetches the provider's keys whenever that is due, for as long as the program runs.
    private static func keepFresh(_ keys: IssuerKeys, _ logger: Logger) {
        Thread.detachNewThread {
            while true {
                if case .failed(let error)? = keys.refreshIfDue() {
                    logger.warning("issuer's keys not fetched", metadata: ["error": "\(error)"])
                }
                Thread.sleep(forTimeInterval: 1)
            }
        }
    }
}
