import Glibc

/// Text for a terminal.
enum Terminal {
    /// Whether standard output is a terminal that wants colour.
    static let hasColour = isatty(STDOUT_FILENO) == 1 && Environment.value(of: "NO_COLOR") == nil

    /// Colours by their SGR codes (ECMA-48).
    enum Colour: Int {
        case red = 31
        case green = 32
        case yellow = 33
        case dim = 2
        case bold = 1
    }

    /// The text in a colour, where there is colour.
    static func coloured(_ text: String, _ colour: Colour) -> String {
        hasColour ? "\u{1b}[\(colour.rawValue)m\(text)\u{1b}[0m" : text
    }

    /// Text that others wrote, without what a terminal would obey.
    ///
    /// Control characters, and those that change the direction of text, are shown as U+FFFD.
    static func inert(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .format, .surrogate, .privateUse, .unassigned: result.append("\u{fffd}")
            default: result.append(scalar)
            }
        }
        return String(result)
    }

    /// Rows as columns of equal width, the last one as long as it is.
    static func table(_ rows: [[String]]) -> String {
        let rows = rows.map { $0.map(inert) }
        var widths: [Int] = []
        for row in rows {
            for (index, cell) in row.enumerated() {
                if index == widths.count { widths.append(0) }
                widths[index] = max(widths[index], cell.count)
            }
        }
        return rows.map { row in
            row.enumerated().map { index, cell in
                index == row.count - 1 ? cell : cell + String(repeating: " ", count: max(0, widths[index] - cell.count))
            }.joined(separator: "  ")
        }.joined(separator: "\n")
    }

    /// Writes a line to standard output, at once.
    static func say(_ line: String) {
        write(line + "\n", to: STDOUT_FILENO)
    }

    /// Writes a line to standard error.
    static func complain(_ line: String) {
        write(line + "\n", to: STDERR_FILENO)
    }

    /// Writes text; ends the program where nobody reads any more.
    static func write(_ text: String, to file: Int32) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(file, $0.baseAddress, $0.count) }
            guard count > 0 || errno == EINTR else { exit(1) }
            rest = rest.dropFirst(max(0, count))
        }
    }
}
