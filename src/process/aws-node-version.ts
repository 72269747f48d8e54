/**
 * The AWS SDK prints a notice on every start under Node 20 that its next releases need Node 22. The version in use is
 * pinned and supports Node 20, so the notice is for us, not for whoever runs the gateway. It is decided when the SDK
 * loads: this file is imported before it.
 */
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
