extension Assets {
    /// A small arched door in a wall, ajar.
    static let iconText = """
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">
        <rect width="32" height="32" rx="7" fill="#1d4f4a"/>
        <path d="M10 26V14a6 6 0 0 1 12 0v12z" fill="#f3efe6"/>
        <path d="M10 26V14a6 6 0 0 1 6-6v20z" fill="#d9a441"/>
        <circle cx="13.8" cy="18" r="1.1" fill="#1d4f4a"/>
        </svg>
        """
}
