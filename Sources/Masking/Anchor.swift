internal import OpenSSL
internal import PatternMatch

/// Literal bytes that announce something, and what to do where they stand.
struct Anchor: Sendable {
    enum Action: Sendable, Equatable {
        /// Index into the formats.
        case token(Int)
        case keyName
        case privateKey
        case escapedPrivateKey
        case puttyKey
        case jsonWebToken
        case urlAuthority
        case accessKeyID
        case sessionToken
        case azureSecret
        case openAIKey
        case cryptHash
        case signature
        case basicAuthorization
        case bearerAuthorization
        case cookie
        case identifiedBy
        case commandLineUser
        case commandLineOption
        case passwordFile
        case userSlashPassword
        case passwordFor
        case escapedAuthority
        case secretFollows
        case commandLine
        case standardInput
        case telegram
        case jsonWebKey
        case encoded
        case email
        case identityWord
    }

    var bytes: [UInt8]
    var ignoresCase: Bool
    var action: Action

    init(_ text: String, ignoresCase: Bool = false, _ action: Action) {
        bytes = Array(text.utf8)
        self.ignoresCase = ignoresCase
        self.action = action
    }

    /// The anchors of a profile.
    static func all(_ profile: MaskingProfile, formats: [TokenFormat]) -> [Anchor] {
        var anchors: [Anchor] = []
        if profile.masksCredentials {
            anchors += formats.enumerated().map { Anchor($0.element.prefix, .token($0.offset)) }
            anchors += keyWords.map { Anchor($0, ignoresCase: true, .keyName) }
            anchors += KeyName.providers.map { Anchor($0.description, ignoresCase: true, .keyName) }
            // In camel case; "Key" alone begins every tag.
            anchors += "abcdefghijklmnopqrstuvwxyz".map { Anchor("\($0)Key", .keyName) }
            anchors += fixed
            anchors += encodedWords.flatMap(encodings(of:))
        }
        if profile.personalData.contains(.email) { anchors.append(Anchor("@", .email)) }
        if profile.personalData.contains(.identity) {
            anchors += identityWords.map { Anchor($0, ignoresCase: true, .identityWord) }
        }
        return anchors
    }

    private static let fixed: [Anchor] = [
        Anchor("PRIVATE KEY", .privateKey), Anchor("PRIVATE%20KEY", .escapedPrivateKey),
        Anchor("PRIVATE+KEY", .escapedPrivateKey), Anchor("PuTTY-User-Key-File-", .puttyKey),
        Anchor("eyJ", .jsonWebToken),
        Anchor("://", .urlAuthority), Anchor("AKIA", .accessKeyID), Anchor("ASIA", .accessKeyID),
        Anchor("IQoJb3JpZ2lu", .sessionToken), Anchor("FwoGZXIvYXdzE", .sessionToken),
        Anchor("FQoGZXIvYXdzE", .sessionToken), Anchor("FQoDYXdzE", .sessionToken), Anchor("AQoDYXdzE", .sessionToken),
        Anchor("Q~", .azureSecret), Anchor("T3BlbkFJ", .openAIKey), Anchor("$2a$", .cryptHash),
        Anchor("$2b$", .cryptHash),
        Anchor("$2y$", .cryptHash), Anchor("$6$", .cryptHash), Anchor("$5$", .cryptHash), Anchor("$1$", .cryptHash),
        Anchor("$y$", .cryptHash), Anchor("$apr1$", .cryptHash), Anchor("$argon2", .cryptHash),
        Anchor("pbkdf2_sha256$", .cryptHash), Anchor("{SSHA}", .cryptHash), Anchor("$scrypt$", .cryptHash),
        Anchor("{SHA}", .cryptHash), Anchor("{SHA256}", .cryptHash), Anchor("{SSHA512}", .cryptHash),
        Anchor("SCRAM-SHA-256$", .cryptHash), Anchor("signature=", ignoresCase: true, .signature),
        Anchor("x-amz-security-token=", ignoresCase: true, .signature), Anchor("sig=", ignoresCase: true, .signature),
        Anchor("x-goog-signature=", ignoresCase: true, .signature),
        Anchor("basic ", ignoresCase: true, .basicAuthorization),
        Anchor("bearer ", ignoresCase: true, .bearerAuthorization), Anchor("cookie:", ignoresCase: true, .cookie),
        Anchor("identified by", ignoresCase: true, .identifiedBy), Anchor(" -u", .commandLineUser),
        Anchor(" -U ", .commandLineUser),
        Anchor("identified with", ignoresCase: true, .identifiedBy), Anchor("sshpass -p", .secretFollows),
        Anchor("requirepass ", .secretFollows), Anchor("masterauth ", .secretFollows),
        Anchor("redis-cli -a ", .secretFollows),
        Anchor("ConvertTo-SecureString ", ignoresCase: true, .secretFollows), Anchor(" -P ", .secretFollows),
        Anchor("mysql", .commandLine), Anchor("openssl ", .commandLine), Anchor("htpasswd -b", .commandLine),
        Anchor("add_user ", .commandLine), Anchor("net use ", .commandLine), Anchor("--password-stdin", .standardInput),
        Anchor("| sudo -S", .standardInput), Anchor("sqlplus ", .userSlashPassword),
        Anchor(":thin:", .userSlashPassword),
        Anchor("password for ", ignoresCase: true, .passwordFor),
        Anchor(":AA", .telegram), Anchor("kty", .jsonWebKey),
        Anchor("--user ", .commandLineUser), Anchor(" -p ", .commandLineOption), Anchor(" -a ", .commandLineOption),
        Anchor(":5432:", .passwordFile), Anchor(":5433:", .passwordFile), Anchor(":6432:", .passwordFile),
        Anchor(":*:", .passwordFile), Anchor("%3A%2F%2F", ignoresCase: true, .escapedAuthority),
    ]

    /// Parts of names of secrets; `KeyName` decides about the whole name.
    private static let keyWords = [
        "passw", "passphrase", "pwd", "_pass", "-pass", ".pass", "dbpass", "userpass", "secret", "token", "apikey",
        "accesskey", "privatekey", "private_key", "private-key", "_key", "-key", "api key", "signingkey",
        "encryptionkey", "masterkey", "authkey", "accountkey", "sharedkey", "licensekey", "appkey", "storagekey",
        "servicekey", "functionkey", "deploykey", "subscriptionkey", "integrationkey", "credential", "authorization",
        "auth\"", "auth\\", "auth:", "auth=", "auth'", "_auth", "connectionstring", "connection_string", "bindpw",
        "psk", "clientkeydata", "passcode",
        "pincode", "motdepasse", "contrasena", "cookiesecret", "privkey", "pass\"", "pass=", "pass:", "databaseurl",
        "database_url", "jwt", "pw:", "pw=", "pw(", "/pw", "pw>", "_pw", "authentication", "hmac", "?key=", "&key=",
        "sessid", "jsessionid", "connect.sid", "sessionid=", "salt",
        "seed", "_sid", "dsn", "otp", ".pw", "-pw", "pw\"", "pw'", "<pass", "pass>", "pass(", "pass =", "pass'",
        ".auth",
        "auth(", "auth =", "auth>", "bindcred", ".key", "-auth", "pw\\", "storepass", "keypass", "kennwort", "passwort",
        "mot de passe", "aes_k", "pass\\",
    ]

    /// Words that show a secret inside base64 or hexadecimal text, at whatever alignment.
    private static let encodedWords = [
        "password", "PASSWORD", "Password", "-----BEGIN ", "AKIA", "ASIA", "secret", "SECRET", "Secret", "token\":",
        "api_key", "API_KEY", "ghp_", "sk_live_", "xoxb-", "://", "passwd", "private_key",
    ]

    private static let identityWords = [
        "passport", "driver", "licence", "license n", "date of birth", "dateofbirth", "date_of_birth", "dob",
        "birthdate", "birth_date", "national insurance", "nino", "nhs n", "aadhaar", "aadhar", "pan card", "cpf",
        "cnpj",
        "codice fiscale", "pesel", "bsn", "dni", "nie", "tax id", "taxid", "tax_id", "steuer", "social insurance",
        "nationalid", "national id", "national_id", "social security", "ssn", "itin", "tax file",
        "phone:", "phone=", "phone\"", "phone number", "phonenumber", "telephone", "born on", "taxpayer", "birthday",
        "socialsecurity", "mobilenumber", "idcard",
    ]

    /// The bytes of base64 and hexadecimal that `word` becomes wherever it stands in a text.
    private static func encodings(of word: String) -> [Anchor] {
        let bytes = Array(word.utf8)
        var anchors = [Anchor(Hex.encode(bytes), ignoresCase: true, .encoded)]
        for shift in 0..<3 {
            // Characters that carry bits of neighbouring bytes are left away.
            let text = Array(Base64.encode([UInt8](repeating: 0, count: shift) + bytes).utf8)
            let first = (shift * 8 + 5) / 6
            let last = (shift + bytes.count) * 8 / 6
            guard last - first >= 5 else { continue }
            anchors.append(Anchor(String(decoding: text[first..<last], as: UTF8.self), .encoded))
        }
        return anchors
    }
}
