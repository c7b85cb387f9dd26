namespace Orchestrator.Bench.Commands;

/// <summary>The same table sealed by <c>orchestrator data</c> and by <c>age</c>, each as a whole process.</summary>
internal sealed class CommandFiles : IDisposable
{
    public const int Rounds = 9;

    private const long Length = 1L << 30;
    private const int Columns = 256;

    private readonly Scratch _scratch = new(4 * Length);
    private readonly Tenant _tenant;
    private readonly string _table;
    private readonly string _schema;
    private readonly string _recipient;

    public CommandFiles()
    {
        _recipient = Child.Run("age-keygen", "-o", _scratch["age.key"]).Error.Split(' ')[^1].Trim();
        _tenant = new Tenant(_scratch);
        _table = NpyFile.Random(_scratch, "table.npy", Columns, Length);
        _schema = _scratch["schema.yaml"];
        File.WriteAllText(_schema, $$"""
            format: orchestrator/schema/v1
            features: { type: f32, shape: [{{Columns - 1}}] }
            label: { regression: 1 }
            """);
    }

    public double Seal() => NewFileRate("table.itx", _tenant.SealCommand(_table, _schema, _scratch["table.itx"]));

    public double AgeSeal() => NewFileRate("table.age", "age", "-r", _recipient, "-o", _scratch["table.age"], _table);

    public double Verify() => Rate(_tenant.Command("data", "verify", _scratch["table.itx"]));

    public double AgeOpen() => Rate("age", "-d", "-i", _scratch["age.key"], "-o", "/dev/null", _scratch["table.age"]);

    public void Dispose() => _scratch.Dispose();

    private double NewFileRate(string output, params string[] command)
    {
        _scratch.MakeRoom(output, Length);
        return Rate(command);
    }

    private static double Rate(params string[] command) => Length / Child.Seconds(command) / 1e9;
}
