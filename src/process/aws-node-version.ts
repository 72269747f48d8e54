/**
 * Silences the AWS SDK's notice under Node 20 that its next releases need Node 22. The SDK's version is pinned and
 * supports Node 20, so the notice would only worry the operator. Import this file before the SDK, which decides about
 * the notice when it loads.
 */
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
