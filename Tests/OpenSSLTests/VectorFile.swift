import Foundation
import OpenSSL

/// The records of a file in `Vectors/`: one a line, fields between colons, `#` before a comment.
func vectorRecords(of name: String) throws -> [[String]] {
    let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Vectors/\(name)")
    return try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
        .filter { !$0.hasPrefix("#") }
        .map { $0.split(separator: ":", omittingEmptySubsequences: false).map(String.init) }
}

/// The bytes of a hexadecimal field.
func bytes(_ hex: String) throws -> [UInt8] {
    struct NotHexadecimal: Error {}
    guard let bytes = Hex.decode(hex) else { throw NotHexadecimal() }
    return bytes
}
