namespace CockroachCmek.Sandbox.Azure;

/// <summary>A key of a key vault: its versions, its rotation policy and its deletion.</summary>
internal sealed class KeyVaultKey(string name)
{
    /// <summary>
    /// How long deletion takes. A recording of azure-sdk-for-js got 404 for 31 seconds. The official clients poll.
    /// </summary>
    private static readonly TimeSpan Deletion = TimeSpan.FromSeconds(35);

    private static readonly TimeSpan Recovery = TimeSpan.FromSeconds(5);

    public string Name { get; } = name;

    /// <summary>Oldest first.</summary>
    public List<KeyVaultKeyVersion> Versions { get; } = [];

    public KeyVaultKeyVersion Latest => Versions[^1];

    public KeyRotationRule? Rotation { get; set; }

    public DateTimeOffset? Deleted { get; private set; }

    public DateTimeOffset Recovered { get; private set; } = DateTimeOffset.MinValue;

    public void Delete(DateTimeOffset now) => Deleted = now;

    public void Recover(DateTimeOffset now)
    {
        Deleted = null;
        Recovered = now + Recovery;
    }

    public bool IsActive(DateTimeOffset now) => Deleted is null && now >= Recovered;

    public bool IsDeleted(DateTimeOffset now) => Deleted is { } since && now >= since + Deletion;

    /// <summary>Adds the versions that were due by now under the rotation policy.</summary>
    public void Settle(DateTimeOffset now)
    {
        // Limited, because after a long jump of the clock generating keys would take minutes.
        for (
            var count = 0;
            count < 10 && Deleted is null && Rotation?.NextAfter(Latest.Created) is { } due && due <= now;
            count++
        )
            Versions.Add(Next(due));
    }

    /// <summary>A further version with the settings of the latest one.</summary>
    public KeyVaultKeyVersion Next(DateTimeOffset at, RsaSupply? rsa = null) =>
        new(Latest.Kty, Latest.Size, Latest.Curve, at, Latest.IsRsa ? rsa?.Next(Latest.Size) : null)
        {
            Operations = Latest.Operations,
            Tags = Latest.Tags,
            Expires = Rotation?.ExpiryOf(at),
        };
}
