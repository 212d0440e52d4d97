namespace CockroachCmek.Core.Keys;

/// <summary>
/// The request id of the response to the call that is being made, for clients whose results do not hold it: they set it
/// where they see the response's headers.
/// </summary>
internal sealed class ResponseId
{
    private static readonly AsyncLocal<ResponseId?> Current = new();

    /// <summary>The id; null while none is known.</summary>
    public string? Id { get; private set; }

    /// <summary>Begins a call. What this method's caller awaits from here on sets the id of the returned object.</summary>
    public static ResponseId Await() => Current.Value = new ResponseId();

    /// <summary>Sets the id of the call that is being made.</summary>
    public static void Set(string? id)
    {
        if (Current.Value is { } call && !string.IsNullOrEmpty(id))
            call.Id = id;
    }
}
