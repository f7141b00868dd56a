/// What source code has in place of a literal.
enum CodeShape {
    /// Whether a value without quotes is an expression: a call, an operator, or a variable that is named like a secret.
    ///
    /// - Parameter isAssigned: whether it stands where code has expressions; elsewhere a plain name may be a password.
    static func isExpression(_ value: Span<UInt8>, isAssigned: Bool) -> Bool {
        guard let first = value.at(0) else { return false }
        if first == Byte.equals { return true }
        let head = value.runEnd(from: 0) { $0.isNamePart && $0 != Byte.dash }
        // env("X"), Optional[str], x["key"]
        if head >= 2, first.isLetter || first == Byte.underscore, isName(value.extracting(0..<head)),
            let open = value.at(head), open == Byte.openParenthesis || open == Byte.openBracket
        {
            return true
        }
        guard isAssigned, head == value.count, isName(value) else { return false }
        // settings.SECRET_KEY, req.body.password, var.db_password
        if let dot = value.find(".", from: 1, to: value.count - 1) {
            return isTelling(value) || isRoot(value.extracting(0..<dot))
        }
        return isCompound(value) && isTelling(value)
    }

    /// Identifiers and dots, no digits but at the end of a part.
    private static func isName(_ value: Span<UInt8>) -> Bool {
        var isBeginning = true
        var digits = 0
        for index in value.indices {
            let byte = value[index]
            if byte.isDigit {
                guard !isBeginning else { return false }
                digits += 1
            } else if digits > 0, byte.isLetter {
                return false
            } else if digits == 0 || byte == Byte.dot {
                digits = byte == Byte.dot ? 0 : digits
            }
            isBeginning = byte == Byte.dot
            if digits > 2 { return false }
        }
        return !isBeginning
    }

    private static func isTelling(_ value: Span<UInt8>) -> Bool {
        let strength = KeyName.strength(of: value)
        return strength != .none && strength != .provider
    }

    /// Two words or more: db_password, secretKey.
    private static func isCompound(_ value: Span<UInt8>) -> Bool {
        for index in 1..<max(1, value.count) {
            if value[index] == Byte.underscore || value[index].isUpper && value[index - 1].isLower { return true }
        }
        return false
    }

    private static func isRoot(_ word: Span<UInt8>) -> Bool {
        for root in roots where word.count == root.utf8CodeUnitCount && word.has(root, at: 0) { return true }
        return false
    }

    private static let roots: [StaticString] = [
        "self", "this", "var", "local", "data", "settings", "config", "os", "process", "env", "args", "req", "request",
        "params", "ctx", "context", "user", "opts", "options", "props", "state", "module", "each", "cfg", "conf", "app",
        "secrets", "github", "steps", "inputs", "input", "values", "model", "form", "body", "event", "client", "c", "s",
        "credentials", "account", "session", "response", "res", "result", "obj", "m", "it",
    ]
}
