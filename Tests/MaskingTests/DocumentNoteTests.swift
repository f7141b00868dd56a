import Masking
import Testing

@Suite("Masking notes")
struct DocumentNoteTests {
    @Test(
        "Finds a password in the ways that people note one down",
        arguments: [
            "ID/PW: name/%", "host (pw:%)", "user/pwd:name/%", "<PW>%</PW>", "ssh u@10.0.0.1 password %",
            "10.0.0.1 pwd:%",
            "CREATE USER u IDENTIFIED BY %;", "SET PASSWORD FOR u = PASSWORD('%')", "id(name)/pwd(%)",
            "-User:n -Password:%",
            "gpg --passphrase % --output d", "The password is %", "root_password\t%", "apikey %9a8b7c6d",
        ]
    )
    func notes(_ pattern: String) throws {
        let secret = "Ihq" + "Sb1Gg"
        let parts = pattern.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false)
        let text = "note: " + parts[0] + secret + (parts.count > 1 ? parts[1] : "")
        let output = try masked(text, "s3.GetObject", contentType: "text/plain", isOpaqueObject: true)
        #expect(!output.contains(secret), "\(output)")
        #expect(output.hasPrefix("note: "))
    }

    @Test(
        "Leaves sentences about secrets",
        arguments: [
            "the secret i-0123456789abcdef0 was rotated", "token expired for arn:aws:iam::111122223333:role/x",
            "password policy requires 14 characters", "app-key (Root=1-1e87925c-629d415b68f06492f6b8ae8c)",
            "secret AKIAIOSFODNN7EXAMPLE next=1d4c001d49e6cc2d8cebeb23d3728d2d5afaed6d", "password reset for user 42",
            "token_type=Bearer name=vpc-05fd718c3c71bf0c7", "passwords were changed on 2024-01-15T10:00:00Z",
        ]
    )
    func sentences(_ text: String) throws {
        #expect(try masked(text, "s3.GetObject", contentType: "text/plain", isOpaqueObject: true) == text)
    }
}
