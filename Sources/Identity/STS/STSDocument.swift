internal import OpenSSL

/// The XML documents of the STS query protocol, version 2011-06-15.
enum STSDocument {
    private static let namespace = "https://sts.amazonaws.com/doc/2011-06-15/"

    /// The answer to AssumeRoleWithWebIdentity.
    static func assumeRoleWithWebIdentity(
        _ issued: SessionSealer.IssuedCredentials,
        packedSize: Int,
        requestID: String
    ) -> String {
        let session = issued.session
        // SecretBytes keeps the text only as long as it must; this is where it leaves the process.
        let secret = issued.secretAccessKey.withSpan { span in
            String(decoding: span.indices.map { span[$0] }, as: UTF8.self)
        }
        return document(
            "AssumeRoleWithWebIdentity",
            requestID: requestID,
            result: element(
                "Credentials",
                text("AccessKeyId", issued.accessKeyID.text)
                    + text("SecretAccessKey", secret)
                    + text("SessionToken", issued.sessionToken)
                    + text("Expiration", session.expires.description)
            )
                + text("SubjectFromWebIdentityToken", session.principal.subject)
                + element("AssumedRoleUser", text("AssumedRoleId", roleID(session)) + text("Arn", session.arn))
                + text("PackedPolicySize", String(packedSize))
                + text("Provider", session.principal.issuer)
                + text("Audience", session.principal.audience)
        )
    }

    /// The answer to GetCallerIdentity.
    static func getCallerIdentity(_ session: Session, requestID: String) -> String {
        document(
            "GetCallerIdentity",
            requestID: requestID,
            result: text("Arn", session.arn) + text("UserId", roleID(session))
                + text("Account", session.role.account)
        )
    }

    /// An error of the query protocol.
    static func error(code: String, message: String, isSender: Bool, requestID: String) -> String {
        "<ErrorResponse xmlns=\"\(namespace)\">"
            + element(
                "Error",
                text("Type", isSender ? "Sender" : "Receiver") + text("Code", code) + text("Message", message)
            )
            + text("RequestId", requestID) + "</ErrorResponse>\n"
    }

    /// What stands for AWS's unique id of the role, never one of AWS's (`AROA...`), and the session name.
    private static func roleID(_ session: Session) -> String {
        "PSTNROLE-\(session.role.account)-\(session.role.name):\(session.name)"
    }

    private static func document(_ action: String, requestID: String, result: String) -> String {
        "<\(action)Response xmlns=\"\(namespace)\">" + element("\(action)Result", result)
            + element("ResponseMetadata", text("RequestId", requestID)) + "</\(action)Response>\n"
    }

    private static func element(_ name: String, _ content: String) -> String {
        "<\(name)>\(content)</\(name)>"
    }

    private static func text(_ name: String, _ value: String) -> String {
        var escaped = ""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            // Not characters of XML 1.0; nothing that reaches this line should hold one.
            case "\u{0}"..."\u{8}", "\u{B}", "\u{C}", "\u{E}"..."\u{1F}", "\u{FFFE}", "\u{FFFF}": escaped += "\u{FFFD}"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return element(name, escaped)
    }
}
