using System.ComponentModel;
using System.Diagnostics;

namespace Grpc.Tests.Harness;

/// <summary>An implementation of gRPC that has a program in <c>peers</c>.</summary>
public interface IPeerKind
{
    /// <summary>The program and its first arguments.</summary>
    static abstract string[] Command { get; }

    /// <summary>What the machine lacks to run it, or null.</summary>
    static abstract string? Missing { get; }

    /// <summary>True when its server can compress; every one can decompress.</summary>
    static abstract bool CompressesResponses { get; }
}

/// <summary>This tree's assemblies under Grpc.Net.Client and Grpc.AspNetCore.Server.</summary>
public sealed class Dotnet : IPeerKind
{
    public static string[] Command => ["dotnet", Path.Combine(AppContext.BaseDirectory, "Grpc.Peer.dll")];

    public static string? Missing => null;

    public static bool CompressesResponses => true;
}

/// <summary>grpcio, on gRPC's C core.</summary>
public sealed class Python : IPeerKind
{
    private static readonly Lazy<bool> Installed = new(() => Tree.Runs("/usr/bin/python3", "-c", "import grpc"));

    public static string[] Command => ["/usr/bin/python3", Tree.Peer("python/peer.py")];

    public static string? Missing => Installed.Value ? null : "python3-grpcio is not installed";

    public static bool CompressesResponses => true;
}

/// <summary>@grpc/grpc-js, on Node's HTTP/2.</summary>
public sealed class Node : IPeerKind
{
    private static readonly Lazy<bool> Installed = new(() =>
        Directory.Exists(Tree.Peer("node/node_modules/@grpc/grpc-js")) && Tree.Runs("node", "--version"));

    public static string[] Command => ["node", Tree.Peer("node/peer.js")];

    public static string? Missing => Installed.Value ? null : "@grpc/grpc-js is not installed (npm ci in tests/Grpc.Tests/peers/node)";

    public static bool CompressesResponses => false;
}

/// <summary>The source tree and the machine that the tests run on.</summary>
internal static class Tree
{
    private static readonly Lazy<string> Root = new(FindRoot);

    internal static string Peer(string path) => Path.Combine(Root.Value, "tests", "Grpc.Tests", "peers", path);

    internal static bool Runs(string program, params string[] arguments)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(program, arguments)
            {
                RedirectStandardError = true,
                RedirectStandardOutput = true,
            })!;
            process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Orchestrator.sln")))
            {
                return folder.FullName;
            }
        }

        throw new DirectoryNotFoundException("The tests run inside the source tree, where the peers are.");
    }
}
