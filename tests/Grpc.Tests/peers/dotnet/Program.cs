using System.Globalization;
using Grpc.Peer;

if (args is not ["serve" or "call", ..] || args.Length % 2 == 0)
{
    Console.Error.WriteLine("usage: serve|call [--name value]...");
    return 2;
}

Dictionary<string, string> options = args.Skip(1).Chunk(2).ToDictionary(pair => pair[0].TrimStart('-'), pair => pair[1]);
int? limit = options.TryGetValue("limit", out string? text) ? int.Parse(text, CultureInfo.InvariantCulture) : null;
string? compression = options.GetValueOrDefault("compression");

if (args[0] == "serve")
{
    await Server.RunAsync(options.GetValueOrDefault("certificate"), options.GetValueOrDefault("key"), limit, compression);
}
else
{
    await Caller.RunAsync(options["address"], options.GetValueOrDefault("root"), limit, compression);
}

return 0;
