extension Assets {
    static let scriptText = ""
}
