using System.Reflection;
using Grpc.AspNetCore.Server;
using Grpc.Core;
using Grpc.Net.Client;
using Grpc.Net.Compression;

namespace Grpc.Tests.Abstractions;

/// <summary>The packages find in this tree's assemblies everything that they were compiled against.</summary>
public class PackageReferencesTests
{
    /// <summary>Types and members that version 2.85.0 of the packages uses; counted with another program, so that an oversight of this one shows.</summary>
    private const int UsedMembers = 202;

    private static readonly Assembly[] Packages = [typeof(GrpcChannel).Assembly, typeof(GrpcServiceOptions).Assembly];

    private static readonly Assembly[] Ours = [typeof(CallInvoker).Assembly, typeof(ICompressionProvider).Assembly];

    public static TheoryData<Assembly, Assembly> Pairs() =>
        [.. from package in Packages from ours in Ours select new TheoryDataRow<Assembly, Assembly>(package, ours)];

    [Theory]
    [MemberData(nameof(Pairs))]
    public void EveryUsedMember_Exists(Assembly package, Assembly ours)
    {
        HashSet<string> used = MemberNames.Used(package, ours.GetName().Name!);

        Assert.NotEmpty(used);
        Assert.Empty(used.Except(MemberNames.Offered(ours)));
    }

    [Fact]
    public void UsedMembers_AreAllFound() => Assert.Equal(
        UsedMembers,
        Packages.Sum(package => Ours.Sum(ours => MemberNames.Used(package, ours.GetName().Name!).Count)));

    [Theory]
    [MemberData(nameof(Pairs))]
    public void Identity_IsTheReferencedOne(Assembly package, Assembly ours)
    {
        AssemblyName reference = Assert.Single(package.GetReferencedAssemblies(), name => name.Name == ours.GetName().Name);

        Assert.Equal(reference.Version, ours.GetName().Version);
        Assert.Equal(reference.GetPublicKeyToken(), ours.GetName().GetPublicKeyToken());
        Assert.Equal(package.GetName().GetPublicKey(), ours.GetName().GetPublicKey());
    }

    [Fact]
    public void EveryOverride_HasSomethingToOverride()
    {
        const BindingFlags declared =
            BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.DeclaredOnly;
        MethodInfo[] overrides =
        [
            .. from package in Packages
               from type in package.GetTypes()
               where Ancestors(type).Any(ancestor => Ours.Contains(ancestor.Assembly))
               from method in type.GetMethods(declared)
               where method.IsVirtual && !method.Attributes.HasFlag(MethodAttributes.NewSlot)
               select method,
        ];

        Assert.NotEmpty(overrides);
        Assert.DoesNotContain(overrides, method => method.GetBaseDefinition().DeclaringType == method.DeclaringType);
    }

    private static IEnumerable<Type> Ancestors(Type type)
    {
        for (Type? ancestor = type.BaseType; ancestor is not null; ancestor = ancestor.BaseType)
        {
            yield return ancestor;
        }
    }
}
