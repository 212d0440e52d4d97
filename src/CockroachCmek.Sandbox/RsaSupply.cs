using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace CockroachCmek.Sandbox;

/// <summary>
/// The RSA key pairs of a sandbox, in the order in which its services ask for them. A sandbox never gets the same pair
/// twice, but the sandboxes of a process share their pairs, and so do the runs from one snapshot: to generate a pair
/// takes longer than everything else that a request does. The pairs of a sandbox protect nothing.
/// </summary>
internal sealed class RsaSupply
{
    private static readonly ConcurrentDictionary<(int Size, int Number), Lazy<RSAParameters>> Pairs = new();

    private readonly Dictionary<int, int> _given = [];

    /// <summary>The next pair of a size, with its private key.</summary>
    public RSAParameters Next(int size)
    {
        var number = _given.TryGetValue(size, out var last) ? last + 1 : 0;
        _given[size] = number;
        return Pairs.GetOrAdd((size, number), _ => new Lazy<RSAParameters>(() => Generate(size))).Value;
    }

    private static RSAParameters Generate(int size)
    {
#if NET
        using var rsa = RSA.Create(size);
#else
        using var rsa = new RSACng(size);
#endif
        return rsa.ExportParameters(includePrivateParameters: true);
    }
}
