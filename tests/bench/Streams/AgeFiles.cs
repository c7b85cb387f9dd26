namespace Orchestrator.Bench.Streams;

/// <summary>The same file sealed by this library and by <c>age</c>, each as a whole process.</summary>
internal sealed class AgeFiles : IDisposable
{
    public const int Rounds = 9;
    public const long Length = 1L << 30;

    private readonly Scratch _scratch = new(5 * Length);
    private readonly string _plaintext;
    private readonly string _recipient;

    public AgeFiles()
    {
        _recipient = Child.Run("age-keygen", "-o", _scratch["age.key"]).Error.Split(' ')[^1].Trim();
        _plaintext = _scratch.Random("plaintext", Length);
    }

    public double Seal() => Rate("sealed.itx", Child.Self(FileWork.Seal, _plaintext, _scratch["sealed.itx"], _scratch["key"], _scratch["digest"]));

    public double AgeSeal() => Rate("sealed.age", "age", "-r", _recipient, "-o", _scratch["sealed.age"], _plaintext);

    public double Open() => Rate("opened", Child.Self(FileWork.Open, _scratch["sealed.itx"], _scratch["opened"], _scratch["key"], _scratch["digest"]));

    public double AgeOpen() => Rate("opened", "age", "-d", "-i", _scratch["age.key"], "-o", _scratch["opened"], _scratch["sealed.age"]);

    public void Dispose() => _scratch.Dispose();

    private double Rate(string output, params string[] command)
    {
        _scratch.MakeRoom(output, Length);
        return Length / Child.Seconds(command) / 1e9;
    }
}
