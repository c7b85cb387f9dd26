namespace Orchestrator.Crypto.IO;

/// <summary>The checksum of zip files (APPNOTE 4.4.7: reflected polynomial 0xEDB88320), eight bytes a step.</summary>
public static class Crc32
{
    private const uint Polynomial = 0xEDB88320;

    private static readonly uint[][] Tables = MakeTables();

    /// <summary>The checksum of <paramref name="data"/>, or of what <paramref name="before"/> is the checksum of with <paramref name="data"/> after it.</summary>
    public static uint Of(ReadOnlySpan<byte> data, uint before = 0)
    {
        var crc = ~before;
        for (; data.Length >= 8; data = data[8..])
        {
            var low = BitConverter.ToUInt32(data) ^ crc;
            var high = BitConverter.ToUInt32(data[4..]);
            crc = Tables[7][low & 0xFF] ^ Tables[6][(low >> 8) & 0xFF] ^ Tables[5][(low >> 16) & 0xFF] ^ Tables[4][low >> 24]
                ^ Tables[3][high & 0xFF] ^ Tables[2][(high >> 8) & 0xFF] ^ Tables[1][(high >> 16) & 0xFF] ^ Tables[0][high >> 24];
        }

        foreach (var value in data)
        {
            crc = Tables[0][(crc ^ value) & 0xFF] ^ (crc >> 8);
        }

        return ~crc;
    }

    private static uint[][] MakeTables()
    {
        var tables = Enumerable.Range(0, 8).Select(_ => new uint[256]).ToArray();
        for (uint index = 0; index < 256; index++)
        {
            var crc = index;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) == 1 ? (crc >> 1) ^ Polynomial : crc >> 1;
            }

            tables[0][index] = crc;
        }

        for (var table = 1; table < 8; table++)
        {
            for (var index = 0; index < 256; index++)
            {
                var before = tables[table - 1][index];
                tables[table][index] = tables[0][before & 0xFF] ^ (before >> 8);
            }
        }

        return tables;
    }
}
