import AWSRequest
import Identity
import OpenSSL
import Policy
import Yams

extension Settings {
    /// Reads the text of a `postern.yaml`; `file` is its name in messages.
    ///
    /// - Parameter environment: variables, of which those that begin with `POSTERN__` count in place of the file's keys
    ///   (docs/configuration.md, "In a container").
    /// - Throws: every mistake at once.
    public init(
        parsing text: String,
        file: String,
        environment: [String: String] = [:]
    ) throws(ConfigurationErrors) {
        let log = MistakeLog(file: file)
        let root: Node?
        do {
            root = try Yams.compose(yaml: text)
        } catch {
            log.add("not YAML: \(error)", line: 0)
            throw ConfigurationErrors(mistakes: log.mistakes)
        }
        let merged = Overrides(environment: environment).apply(to: root, log: log)
        let settings = Self.read(MappingReader(merged, path: "", log: log), log: log)
        guard let settings, log.mistakes.isEmpty else { throw ConfigurationErrors(mistakes: log.mistakes) }
        self = settings
    }

    private static func read(_ top: MappingReader, log: MistakeLog) -> Settings? {
        let issuers = issuers(top, log: log)
        let roles = roles(top, log: log)
        let policyFiles = top.texts("policy") ?? []
        if policyFiles.isEmpty { top.report("policy", "must name at least one policy file") }
        let session = top.mapping("session")
        let upstream = upstream(top.mapping("upstream"))
        let settings = Settings(
            site: top.required("site", hint: "the public host name, with :port where it is not 443"),
            database: database(top.mapping("database")),
            keys: keys(top.mapping("keys")),
            auth: listening(top.mapping("auth"), name: "auth", threads: 16, held: 0),
            worker: listening(top.mapping("worker"), name: "worker", threads: 48, held: 256),
            console: console(top.mapping("console"), issuers: issuers),
            issuers: issuers,
            roles: roles,
            sessionLifetime: session.seconds("lifetime", default: 3_600, in: 900...43_200),
            revocationsStaleAfter: session.seconds("revocations_stale_after", default: 30, in: 2...3_600),
            clockSkew: session.seconds("clock_skew", default: 900, in: 60...900),
            policyFiles: policyFiles,
            upstream: upstream,
            audit: Audit(reading: top.mapping("audit"), defaultRegion: upstream.defaultRegion),
            webhook: webhook(top.mapping("webhook")),
            masking: MaskingSettings.profiles(top.mapping("masking"), log: log)
        )
        session.finish()
        top.finish()
        return settings
    }

    private static func database(_ reader: MappingReader) -> String {
        defer { reader.finish() }
        let url = reader.required("url", hint: "a libpq conninfo, such as \"host=/run/postgresql dbname=postern\"")
        if url.contains("password") {
            reader.report("url", "must not hold a password: use a passfile or PGPASSFILE")
        }
        return url
    }

    private static func keys(_ reader: MappingReader) -> Keys {
        defer { reader.finish() }
        return Keys(
            ring: reader.required("ring", hint: "the file that posternctl keys init makes"),
            checkpoint: reader.required("checkpoint", hint: "the file that posternctl keys init makes")
        )
    }

    private static func listening(_ reader: MappingReader, name: String, threads: Int, held: Int) -> Listening {
        let listening = listeningPart(reader, name: name, threads: threads, held: held)
        reader.finish()
        return listening
    }

    private static func listeningPart(_ reader: MappingReader, name: String, threads: Int, held: Int) -> Listening {
        Listening(
            socket: reader.text("socket") ?? "/run/postern/\(name).sock",
            mode: reader.mode("mode", default: 0o660),
            group: reader.text("group"),
            threads: reader.integer("threads", default: threads, in: 1...1024),
            held: reader.integer("held", default: held, in: 0...1024)
        )
    }

    private static func console(_ reader: MappingReader, issuers: [IssuerSettings]) -> Console {
        let approvers = reader.mapping("approvers")
        let issuer = reader.text("issuer") ?? issuers.first?.url.text ?? ""
        if !issuers.contains(where: { $0.url.text == issuer }) {
            reader.report("issuer", "must be the url of one of the issuers")
        }
        let console = Console(
            listening: listeningPart(reader, name: "console", threads: 8, held: 0),
            url: reader.required("url", hint: "the pages' public URL"),
            issuer: issuer,
            clientID: reader.text("client_id") ?? "postern-console",
            clientSecretFile: reader.text("client_secret_file"),
            approverGroups: approvers.texts("groups") ?? [],
            freshLogin: reader.seconds("fresh_login", default: 3_600, in: 60...28_800)
        )
        if !console.url.hasPrefix("https://") || !console.url.hasSuffix("/") {
            reader.report("url", "must be an https URL with a slash at its end")
        }
        approvers.finish()
        reader.finish()
        return console
    }

    private static func upstream(_ reader: MappingReader) -> Upstream {
        defer { reader.finish() }
        let url = reader.text("url") ?? "aws"
        var server = Upstream.Server.aws
        if url != "aws" {
            if let fixed = Upstream.Server(parsing: url) {
                server = fixed
            } else {
                reader.report("url", "must be aws, https://HOST:PORT, or http://127.0.0.1:PORT")
            }
        }
        return Upstream(
            server: server,
            caFile: reader.text("ca_file"),
            defaultRegion: reader.text("regions_default") ?? "us-east-1",
            fips: reader.boolean("fips", default: false),
            dualStack: reader.boolean("dual_stack", default: false),
            customerEndpoints: customerEndpoints(reader.mapping("customer_endpoints")),
            accessPoints: accessPoints(reader)
        )
    }

    private static func customerEndpoints(_ reader: MappingReader) -> CustomerEndpoints {
        var endpoints = CustomerEndpoints()
        guard !reader.names.isEmpty else { return endpoints }
        guard let catalogue = try? Catalogue.embedded() else {
            reader.report("", "cannot be checked: the catalogue does not load")
            return endpoints
        }
        for service in reader.names {
            for text in reader.texts(service) ?? [] {
                do throws(CustomerEndpointMistake) {
                    try endpoints.add(text, service: service, in: catalogue)
                } catch {
                    reader.report(service, "\(error)")
                }
            }
        }
        return endpoints
    }

    private static func accessPoints(_ reader: MappingReader) -> [S3AccessPoint] {
        (reader.texts("access_points") ?? []).compactMap { text in
            do throws(RecognitionError) {
                return try S3AccessPoint(arn: text)
            } catch {
                reader.report("access_points", "has \(text): \(error)")
                return nil
            }
        }
    }

    private static func webhook(_ reader: MappingReader) -> Webhook? {
        defer { reader.finish() }
        guard let url = reader.text("url") else {
            if !reader.names.isEmpty { reader.report("url", "is missing: where messages are posted") }
            return nil
        }
        let form = reader.text("form").map { Webhook.Form(rawValue: $0) } ?? .json
        if form == nil { reader.report("form", "must be json, slack or teams") }
        let authority = url.hasPrefix("http://") ? url.dropFirst("http://".count).prefix { !"/?#".contains($0) } : ""
        let isLocal = ["127.0.0.1", "localhost"].contains(authority.prefix { $0 != ":" }) && !authority.contains("@")
        if !url.hasPrefix("https://"), !isLocal { reader.report("url", "must be https, or http to this machine") }
        return Webhook(url: url, secretFile: reader.text("secret_file"), form: form ?? .json)
    }
}

extension Settings.Upstream.Server {
    /// Reads `https://HOST[:PORT]` or `http://LOOPBACK[:PORT]`.
    init?(parsing url: String) {
        guard let issuer = try? IssuerURL(parsing: url) else { return nil }
        let scheme = issuer.isSecure ? "https" : "http"
        let authority = url.dropFirst(scheme.count + 3)
        guard !authority.contains("/") else { return nil }
        let parts = authority.split(separator: ":", omittingEmptySubsequences: false)
        guard let host = parts.first, !host.isEmpty, parts.count <= 2 else { return nil }
        var port = issuer.isSecure ? 443 : 80
        if parts.count == 2 {
            guard let number = UInt16(parts[1]) else { return nil }
            port = Int(number)
        }
        self = .fixed(scheme: scheme, host: String(host), port: port)
    }
}
