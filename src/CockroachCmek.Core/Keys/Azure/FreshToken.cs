namespace CockroachCmek.Core.Keys.Azure;

/// <summary>Asks for a token that no cache holds.</summary>
internal static class FreshToken
{
    /// <summary>
    /// Claims of a token that is not older than now. Their form is that of continuous access evaluation.
    /// </summary>
    public static string Claims()
    {
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        return $$"""{"access_token":{"nbf":{"essential":true,"value":"{{now}}"} } }""";
    }
}
