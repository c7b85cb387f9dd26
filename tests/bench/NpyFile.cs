using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Orchestrator.Bench;

/// <summary>Makes tables of f4 in NumPy's format.</summary>
internal static class NpyFile
{
    private const int HeaderSize = 128;
    private const int PieceSize = 1 << 20;

    /// <summary>A table of zeros that takes no room.</summary>
    /// <returns>Its path.</returns>
    public static string Zeros(Scratch scratch, string name, int columns, long bytes)
    {
        using FileStream file = Create(scratch[name], columns, bytes, out long length);
        file.SetLength(length);
        return file.Name;
    }

    /// <summary>A table of random numbers, none of them NaN or infinite.</summary>
    /// <returns>Its path.</returns>
    public static string Random(Scratch scratch, string name, int columns, long bytes)
    {
        using FileStream file = Create(scratch[name], columns, bytes, out long length);
        byte[] piece = new byte[PieceSize];
        while (file.Position < length)
        {
            RandomNumberGenerator.Fill(piece);
            for (int i = 3; i < piece.Length; i += 4)
            {
                piece[i] &= 0xBF; // An exponent with a zero in it is no NaN's.
            }

            file.Write(piece, 0, (int)Math.Min(piece.Length, length - file.Position));
        }

        return file.Name;
    }

    private static FileStream Create(string path, int columns, long bytes, out long length)
    {
        long rows = bytes / (columns * sizeof(float));
        length = HeaderSize + (rows * columns * sizeof(float));
        string header = string.Create(CultureInfo.InvariantCulture, $"{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, {columns}), }}");
        FileStream file = File.Create(path, bufferSize: 0);
        file.Write([0x93, .. "NUMPY"u8, 1, 0, HeaderSize - 10, 0]);
        file.Write(Encoding.ASCII.GetBytes(header.PadRight(HeaderSize - 11) + "\n"));
        return file;
    }
}
