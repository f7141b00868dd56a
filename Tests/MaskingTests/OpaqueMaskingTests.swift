import Masking
import Testing

@Suite("Masking objects and text")
struct OpaqueMaskingTests {
    static let secrets: [(String, String)] = [
        ("ghp" + "_" + nonsense(36), "github-token"),
        ("xox" + "b-1234567890-" + nonsense(24), "slack-token"),
        ("sk" + "_live_" + nonsense(24), "stripe-key"),
        ("AI" + "za" + nonsense(35), "google-api-key"),
        ("glpat" + "-" + nonsense(20), "gitlab-token"),
        ("npm" + "_" + nonsense(36), "npm-token"),
        ("hvs" + "." + nonsense(90), "vault-token"),
        ("dop" + "_v1_" + String(repeating: "0a1b2c3d", count: 8), "digitalocean-token"),
    ]

    static func mask(_ text: String, step: Int = .max) throws -> String {
        try masked(text, "s3.GetObject", contentType: "text/plain", isOpaqueObject: true, step: step)
    }

    @Test("Finds providers' tokens and keeps the length", arguments: secrets)
    func tokens(_ secret: String, type: String) throws {
        let text = "first line\ntoken here: \(secret) and more\nlast line"
        let output = try Self.mask(text)
        #expect(!output.contains(secret.suffix(12)))
        #expect(output.utf8.count == text.utf8.count)
        #expect(output.contains("[masked:\(type):") || secret.utf8.count < type.utf8.count + 18)
        #expect(output.hasPrefix("first line\ntoken here: "))
        #expect(output.hasSuffix(" and more\nlast line"))
    }

    @Test("Gives the same output for every split, also across windows")
    func splits() throws {
        var text = ""
        for index in 0..<3000 {
            text += "2024-05-01T10:00:00Z INFO request \(index) served by i-0123456789abcdef0 in 12 ms\n"
            if index % 97 == 0 { text += "password=\(nonsense(14, seed: index)) user=app\n" }
            if index % 211 == 0 {
                text += "-----BEGIN RSA " + "PRIVATE KEY-----\n"
                for line in 0..<25 { text += nonsense(64, seed: line) + "\n" }
                text += "-----END RSA " + "PRIVATE KEY-----\n"
            }
        }
        let whole = try Self.mask(text)
        #expect(whole.utf8.count == text.utf8.count)
        #expect(whole.contains("[masked:private-key:"))
        for index in stride(from: 0, to: 3000, by: 97) { #expect(!whole.contains(nonsense(14, seed: index))) }
        #expect(!whole.contains(nonsense(64, seed: 3)))
        for step in [1, 7, 1000, 65_536, 65_537] { #expect(try Self.mask(text, step: step) == whole) }
    }

    @Test("Masks a secret at every place around a window's end")
    func windowEdges() throws {
        let secret = "ghp" + "_" + nonsense(36)
        for offset in stride(from: 65_536 - 1200, to: 65_536 + 80, by: 3) {
            let text =
                String(repeating: "lorem ip\n", count: offset / 9) + String(repeating: " ", count: offset % 9)
                + secret + "\n" + String(repeating: "dolor si\n", count: 9000)
            let output = try Self.mask(text)
            #expect(!output.contains(secret.prefix(10)), "at \(offset)")
            #expect(output.utf8.count == text.utf8.count)
        }
    }

    @Test(
        "Finds values under telling names in every spelling",
        arguments: [
            "DB_PASSWORD=%", "db_password: %", "\"password\": \"%\"", "<password>%</password>", "password = \"%\"",
            "'password' => '%'", "--password %", "--db-password=%", "postgres://app:%@db:5432/x", "Password=%;Server=x",
            "?a=b&client_secret=%&c=d", "{\\\"secret\\\":\\\"%\\\"}", "machine x login u password %",
            "ALTER USER app IDENTIFIED BY '%'", "curl -u app:% https://x", "ENV API_SECRET=%", "export TOKEN_SECRET=%",
            "spring.datasource.password=%", "aws_secret_access_key = %", "CREATE ROLE x PASSWORD '%'",
            "- name: DB_PASSWORD\n  value: %", "<Key>DB_PASSWORD</Key><Value>%</Value>",
            "{\"name\": \"DB_PASSWORD\", \"value\": \"%\"}", "sshpass -p % ssh host", "mysql -uroot -p% -h db",
            "var dbPassword string = \"%\"", "<add key=\"DbPassword\" value=\"%\"/>",
            "<password type=\"text\">%</password>",
            "echo \"%\" | docker login -u x --password-stdin", "set(\"password\", \"%\")",
        ]
    )
    func names(_ pattern: String) throws {
        let secret = "kX9" + "dragon77Q"
        let parts = pattern.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false)
        let text = "a\n" + parts[0] + secret + (parts.count > 1 ? parts[1] : "") + "\nb"
        let output = try Self.mask(text)
        #expect(!output.contains("dragon"), "\(output)")
        #expect(output.hasPrefix("a\n" + parts[0]))
    }

    @Test(
        "Leaves to the byte what is no secret",
        arguments: [
            "arn:aws:secretsmanager:us-east-1:111122223333:secret:prod/db-AbCdEf",
            "password must be at least 8 characters",
            "password: ${DB_PASSWORD}", "PASSWORD_FILE=/run/secrets/db", "token_type=bearer", "sha256:\(nonsense(64))",
            "AKIAIOSFODNN7EXAMPLE", "d41d8cd98f00b204e9800998ecf8427e",
            "commit 4b825dc642cb6eb9a060e54bf8d69288fbee4904",
            "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
            "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQ user",
            "https://example.com/path?x=1", "2024-01-15 10:00:00 192.168.1.10 1700000000000", "i-0123456789abcdef0",
            "secretsmanager:GetSecretValue", "max_tokens=4096", "primary key (id)", "NextToken=eyJhIjoxfQ",
            "git@github.com:org/repo.git", "image@sha256:abc", "12345678901234567890",
        ]
    )
    func benign(_ text: String) throws { #expect(try Self.mask(text) == text) }

    @Test("Finds personal data by its checks")
    func personalData() throws {
        for (text, type) in [
            ("card 4111 1111 1111 1111 ok", "card"), ("iban DE89 3704 0044 0532 0130 00 ok", "iban"),
            ("ssn 536-90-4399 ok", "ssn"), ("mail jane.doe@corp.example ok", "email"),
            ("call +44 20 7946 0958 ok", "phone"),
            ("call (415) 555-0134 ok", "phone"), ("iban GB29NWBK60161331926819 ok", "iban"),
        ] {
            let result = try masked(Array(text.utf8), "s3.GetObject", contentType: nil, isOpaqueObject: true)
            #expect(
                result.findings == [type: 1],
                "\(text): \(result.findings) \(String(decoding: result.body, as: UTF8.self))"
            )
        }
        for text in ["card 4111 1111 1111 1112 ok", "iban DE89 3704 0044 0532 0130 01 ok", "id 000-12-3456 ok"] {
            #expect(try Self.mask(text) == text)
        }
    }

    @Test(
        "Refuses what it cannot read, by name",
        arguments: [("zip", "PK\u{3}\u{4}abcdefgh"), ("parquet", "PAR1abcdefgh")]
    )
    func unreadable(_ format: String, text: String) {
        #expect(throws: MaskingError.unreadable(reason: format)) { try Self.mask(text) }
    }

    @Test(
        "Is not fooled by the beginning of a replacement",
        arguments: ["[masked:", "[masked:secret:", "[masked:secret:0123456g]", "[masked:secret:01234567]"]
    )
    func forged(_ prefix: String) throws {
        let secret = "kX9" + "dragon77Q"
        #expect(
            try !masked("{\"SecretString\":\"\(prefix)\(secret)\"}", "secretsmanager.GetSecretValue").contains(secret)
        )
        #expect(try !masked("{\"password\":\"\(prefix)\(secret)\"}", "x.Y").contains(secret))
        #expect(try !Self.mask("password=\"\(prefix)\(secret)\"").contains(secret))
        let token = "ghp" + "_" + nonsense(36)
        #expect(try !Self.mask("\(prefix) \(token)").contains(token))
    }

    @Test("Changes nothing at a second pass")
    func idempotent() throws {
        let text = "password=\(nonsense(40)) token \("ghp" + "_" + nonsense(36))"
        let once = try Self.mask(text)
        #expect(once != text)
        #expect(try Self.mask(once) == once)
        let bodies = [
            #"{"m":"Authorization: Basic YWRtaW46ZmFsY29uLXJpdmVyLTYx"}"#,
            #"{"ssn":"536-90-4399","m":"phone: 415-555-0132"}"#,
            #"{"m":"ssn 536-90-4399","auth":"YWRtaW46ZmFsY29uLXJpdmVyLTYx"}"#,
        ]
        for body in bodies {
            let first = try masked(body, "x.Y")
            #expect(first != body)
            #expect(try masked(first, "x.Y") == first)
        }
    }
}

@Suite("Masking hostile text")
struct HostileTextTests {
    @Test(
        "Does not trap where a text ends inside of what was announced",
        arguments: [
            "token: bearer ", "password=", "password", "\"password\":", "\"password\": {", "password(", "://", "://@",
            "://:@",
            "<password", "<password>", "kty", "{\"kty\":\"", "eyJ", "eyJ.", "PRIVATE KEY", "-----BEGIN PRIVATE KEY",
            "Q~", ":AA",
            "mysql -p", "openssl -k ", "echo --password-stdin", "add_user ", "@", "a@b", "$6$", "signature=", "basic ",
            "cookie:",
            "identified by '", " -u", "?key=", "AKIA", "AKIAABCDEFGHIJKLMNOP", "PuTTY-User-Key-File-", "passport", "+1",
            "%3d",
            "secret%3d", "secret&quot;", "secret\\\\\\\"", "cGFzc3dvcmQ",
        ]
    )
    func cutOff(_ text: String) throws {
        for prefix in ["", "x ", "\n"] {
            let output = try OpaqueMaskingTests.mask(prefix + text)
            #expect(output.utf8.count == (prefix + text).utf8.count)
        }
    }

    @Test("Masks a secret that is longer than what is held, to its end")
    func endless() throws {
        let text = "a password=" + String(repeating: "k9Z", count: 100_000) + " end"
        let output = try OpaqueMaskingTests.mask(text)
        #expect(output.utf8.count == text.utf8.count)
        #expect(!output.contains("k9Zk9Z"))
        #expect(output.hasSuffix(" end"))
        #expect(try OpaqueMaskingTests.mask(text, step: 777) == output)
    }
}
