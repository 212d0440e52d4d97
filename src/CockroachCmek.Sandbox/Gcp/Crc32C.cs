namespace CockroachCmek.Sandbox.Gcp;

/// <summary>The checksum of Cloud KMS: CRC-32C (Castagnoli).</summary>
internal static class Crc32C
{
    private const uint Polynomial = 0x82F63B78;

    public static uint Of(byte[] bytes)
    {
        var crc = uint.MaxValue;
        foreach (var value in bytes)
        {
            crc ^= value;
            for (var bit = 0; bit < 8; bit++)
                crc = (crc & 1) == 0 ? crc >> 1 : (crc >> 1) ^ Polynomial;
        }

        return ~crc;
    }
}
