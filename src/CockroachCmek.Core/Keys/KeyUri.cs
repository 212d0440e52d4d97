namespace CockroachCmek.Core.Keys;

/// <summary>A key's URI, parsed once: whose key it is and where it is, or why the text is not a key URI.</summary>
internal sealed record KeyUri
{
    private KeyUri(string text) => Text = Resource = text;

    /// <summary>The URI as written.</summary>
    public string Text { get; }

    /// <summary>The key's type in a manifest; null when the text is not a key URI.</summary>
    public string? KeyType { get; private init; }

    /// <summary>AWS region or Google Cloud location; null where the URI does not tell (Azure).</summary>
    public string? Location { get; private init; }

    /// <summary>
    /// AWS account or Google Cloud project that holds the key; null where the URI does not tell (Azure).
    /// </summary>
    public string? Account { get; private init; }

    /// <summary>The URI of the key without a version that it names; the URI itself where it names none.</summary>
    public string Resource { get; private init; }

    /// <summary>True for a multi-region key of AWS: its id tells.</summary>
    public bool IsMultiRegion { get; init; }

    /// <summary>Why a manifest cannot hold the text as a key URI; null when it can.</summary>
    public string? Problem { get; private init; }

    /// <summary>A key URI of the right form.</summary>
    /// <param name="resource">The URI without the version that it names; null where it names none.</param>
    public static KeyUri Of(
        string text,
        string keyType,
        string? location = null,
        string? account = null,
        string? resource = null
    ) =>
        new(text)
        {
            KeyType = keyType,
            Location = location,
            Account = account,
            Resource = resource ?? text,
        };

    /// <summary>A text that is not a key URI.</summary>
    /// <param name="problem">Why, as the end of a sentence: "it names a version; …".</param>
    public static KeyUri Malformed(string text, string problem) => new(text) { Problem = problem };
}
