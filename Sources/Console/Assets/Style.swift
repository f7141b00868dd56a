extension Assets {
    static let styleText = "body{}"
}
