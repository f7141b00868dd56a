import Glibc

/// A FastCGI client of a few lines (FastCGI specification 1.0, section 3), playing nginx.
final class RecordClient {
    struct Answer {
        var standardOutput: [UInt8] = []
        var hasEnded = false

        var text: String { String(decoding: standardOutput, as: UTF8.self) }
    }

    private let connection: Int32

    init?(path: String) {
        connection = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: Array(path.utf8)) }
        let connected = unsafe withUnsafePointer(to: address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { rebound in
                unsafe connect(connection, rebound, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard connected == 0 else { return nil }
    }

    deinit { close(connection) }

    /// Sends a whole request; `keepAlive` sets FCGI_KEEP_CONN.
    func send(_ parameters: [(String, String)], body: [UInt8] = [], keepAlive: Bool = false, endsBody: Bool = true) {
        record(type: 1, [0, 1, keepAlive ? 1 : 0, 0, 0, 0, 0, 0])
        var encoded: [UInt8] = []
        for (name, value) in parameters {
            for text in [name, value] {
                let count = UInt32(text.utf8.count)
                if count < 128 {
                    encoded.append(UInt8(count))
                } else {
                    encoded += [
                        UInt8(count >> 24) | 0x80, UInt8(count >> 16 & 255), UInt8(count >> 8 & 255),
                        UInt8(count & 255),
                    ]
                }
            }
            encoded += Array(name.utf8) + Array(value.utf8)
        }
        record(type: 4, encoded)
        record(type: 4, [])
        var rest = body[...]
        while !rest.isEmpty {
            record(type: 5, Array(rest.prefix(60_000)))
            rest = rest.dropFirst(60_000)
        }
        if endsBody { record(type: 5, []) }
    }

    /// Reads until FCGI_END_REQUEST or the connection's end.
    func answer() -> Answer {
        var answer = Answer()
        while let header = take(8) {
            let length = Int(header[4]) << 8 | Int(header[5])
            guard let content = take(length + Int(header[6])) else { break }
            if header[1] == 6 { answer.standardOutput += content.prefix(length) }
            if header[1] == 3 {
                answer.hasEnded = true
                break
            }
        }
        return answer
    }

    private func record(type: UInt8, _ content: [UInt8]) {
        let bytes: [UInt8] = [1, type, 0, 1, UInt8(content.count >> 8), UInt8(content.count & 255), 0, 0] + content
        _ = unsafe Glibc.send(connection, bytes, bytes.count, Int32(bitPattern: UInt32(MSG_NOSIGNAL)))
    }

    private func take(_ count: Int) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        guard count > 0 else { return bytes }
        let got = unsafe recv(connection, &bytes, count, Int32(bitPattern: UInt32(MSG_WAITALL)))
        return got == count ? bytes : nil
    }
}
