import Glibc

extension Settings {
    /// The largest configuration or policy file, in bytes.
    static let largestFile = 4 << 20

    /// Reads a `postern.yaml`, and what the environment says in its place.
    ///
    /// Where no file is there, the environment may say everything.
    ///
    /// - Parameter environment: the program's. systemd's `$CREDENTIALS_DIRECTORY` counts too: a file there of the same
    ///   name as the checkpoint key, the console's secret or the webhook's key is read in its place, so that the files
    ///   themselves can be root's alone (systemd.exec(5), LoadCredential=). The key ring is not among them: it is
    ///   replaced while processes run.
    public init(file path: String, environment: [String: String]) throws(ConfigurationErrors) {
        let isGivenElsewhere = unsafe !Overrides(environment: environment).isEmpty && access(path, F_OK) != 0
        let text = isGivenElsewhere ? "" : try Self.text(ofFile: path)
        try self.init(parsing: text, file: path, environment: environment)
        guard let credentials = environment["CREDENTIALS_DIRECTORY"] else { return }
        keys.checkpoint = Self.passed(keys.checkpoint, in: credentials)
        console.clientSecretFile = console.clientSecretFile.map { Self.passed($0, in: credentials) }
        if let secret = webhook?.secretFile { webhook?.secretFile = Self.passed(secret, in: credentials) }
    }

    private static func passed(_ path: String, in directory: String) -> String {
        guard let name = path.split(separator: "/").last else { return path }
        let passed = "\(directory)/\(name)"
        return unsafe access(passed, R_OK) == 0 ? passed : path
    }

    /// The UTF-8 text of a file, bounded; its failures read like mistakes in it.
    public static func text(ofFile path: String) throws(ConfigurationErrors) -> String {
        func failure(_ message: String) -> ConfigurationErrors {
            ConfigurationErrors(mistakes: [ConfigurationMistake(file: path, line: 0, message: message)])
        }
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(unsafe String(cString: strerror(errno))) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = unsafe read(descriptor, &buffer, buffer.count)
            guard count >= 0 else { throw failure(unsafe String(cString: strerror(errno))) }
            guard count > 0 else { break }
            bytes.append(contentsOf: buffer.prefix(count))
            guard bytes.count <= largestFile else { throw failure("is larger than \(largestFile) bytes") }
        }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw failure("is not UTF-8") }
        return text
    }
}
