import Glibc

extension Settings {
    /// The largest configuration or policy file, in bytes.
    static let largestFile = 4 << 20

    /// Reads a `postern.yaml`.
    public init(file path: String) throws(ConfigurationErrors) {
        try self.init(parsing: try Self.text(ofFile: path), file: path)
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
